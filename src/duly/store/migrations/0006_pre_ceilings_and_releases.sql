-- The day's ceiling, counted where the gate commits; and lists of notices that two people release.

create table sent_of_day (
    day date primary key,
    messages bigint not null check (messages >= 0)
);
comment on table sent_of_day is 'How many messages were permitted on a local day, for the ceiling of the day: never less than what left or may have left. Every gate takes the row last before it commits.';

create table release_list (
    plan bigint not null references day_plan (id),
    digest text not null check (length(digest) = 64),
    stage text not null,
    said text not null,
    salt bytea not null check (octet_length(salt) = 32),
    primary key (plan, digest)
);
create index release_list_by_digest on release_list (digest);
create trigger release_list_is_append_only before update or delete on release_list
    for each row execute function refuse_change();
comment on table release_list is 'What a plan would say at a stage whose notices two people release first: the persons, accounts and sums, under the digest that they sign.';
comment on column release_list.salt is 'In front of what is said when it is hashed: the digest stands in the open log, and must not be found by guessing.';

alter table message add column release text not null default '';
comment on column message.release is 'The digest of the list by which two people released it; empty where the stage asks for none.';

grant select on sent_of_day, release_list to duly_planner, duly_worker, duly_console, duly_auditor;
grant insert, update on sent_of_day to duly_worker;
grant insert on release_list to duly_planner;
