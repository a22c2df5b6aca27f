-- What each plan was made from besides its snapshot and events, kept in a file, so that the plan can be made again.

create table plan_source (
    plan bigint primary key references day_plan (id),
    path text not null,
    digest text not null check (length(digest) = 64)
);
create trigger plan_source_is_append_only before update or delete on plan_source
    for each row execute function refuse_change();
comment on table plan_source is 'The file with what was known when a plan was made: ids, facts and figures, never a name, a number or a text.';
select keep_from_emptying('plan_source');
grant insert on plan_source to duly_planner;
grant select on plan_source to duly_planner, duly_worker, duly_console, duly_auditor;
