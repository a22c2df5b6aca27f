-- Hand-overs in doubt: by when they are closed, who decides about them, and which replies a person has seen to.

create table doubt (
    key bytea not null,
    attempt integer not null,
    day date not null,
    not_after timestamptz not null,
    asked_at timestamptz,
    primary key (key, attempt, day)
);
create index doubt_by_end on doubt (not_after);
comment on table doubt is 'Hand-overs in doubt, by the instant from which the carrier may deliver them no more. A help to look-ups, never a proof: what happened stands in answer and doubt_closed.';
insert into doubt (key, attempt, day, not_after)
select p.key, p.attempt, p.day, p.not_after
from (
    select distinct on (a.key, a.attempt, a.day) a.key, a.attempt, a.day, a.outcome
    from answer a order by a.key, a.attempt, a.day, a.n desc
) l
join permit p on p.key = l.key and p.attempt = l.attempt and p.day = l.day
where l.outcome = 'unsure';

comment on column doubt.asked_at is 'When its carrier was last asked what became of those segments that it named.';
alter table awaited add column asked_at timestamptz;
comment on column awaited.asked_at is 'When its carrier was last asked, where its receipts do not come.';

create table doubt_decision (
    digest text primary key check (length(digest) = 64),
    outcome text not null check (outcome in ('accepted', 'refused', 'unknown')),
    reason text not null check (reason <> ''),
    by text not null,
    at timestamptz not null,
    keys bytea[] not null check (cardinality(keys) >= 1),
    overdue_minor bigint not null check (overdue_minor >= 0),
    people integer not null check (people in (1, 2)),
    done_at timestamptz,
    approved_by text[],
    check (
        done_at is null or (
            cardinality(approved_by) >= people and (cardinality(approved_by) = 1 or approved_by[1] <> approved_by[2])
        )
    )
);
comment on table doubt_decision is 'What a person said of hand-overs in doubt, under the digest that is signed; done once as many people signed as it takes.';
comment on column doubt_decision.people is 'How many must sign: two beyond the limit that the lender set for one.';

create function keep_doubt_decision() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'UPDATE' and old.done_at is null
        and (to_jsonb(new) - 'done_at' - 'approved_by') = (to_jsonb(old) - 'done_at' - 'approved_by') then
        return new;
    end if;
    raise exception '% says once what was decided', tg_table_name;
end
$$;
comment on function keep_doubt_decision() is 'A decision is never another one afterwards; it is only done, once.';
create trigger doubt_decision_is_kept before update or delete on doubt_decision
    for each row execute function keep_doubt_decision();

create table doubt_closed (
    key bytea not null,
    attempt integer not null,
    day date not null,
    at timestamptz not null,
    basis text not null check (basis in ('time', 'person')),
    decision text references doubt_decision (digest),
    entry uuid not null,
    primary key (key, attempt, day),
    check ((basis = 'person') = (decision is not null))
);
comment on table doubt_closed is 'Doubts that are waited for no more: nobody knows what became of the message, it counts as it did, and a receipt may still tell.';
create trigger doubt_closed_is_append_only before update or delete on doubt_closed
    for each row execute function refuse_change();
select keep_from_emptying('doubt_decision');
select keep_from_emptying('doubt_closed');

alter table receipt add column submitted_at timestamptz, add column head bytea;
comment on column receipt.submitted_at is 'When the carrier took the segment, by its own clock; null where it does not say.';
comment on column receipt.head is 'How the text of the segment begins, as the carrier writes it, sealed under the key of the day; kept only while nothing else tells whose it is.';

alter table reply
    add column said bytea,
    add column provenance text not null default 'session'
        check (provenance in ('signed', 'session', 'address_only', 'file', 'confirmed'));
comment on column reply.said is 'The text of the reply, sealed under the key of its day.';
comment on column reply.provenance is 'How we know who brought it.';
-- Replies are few, and who answers may wait for a moment.
-- squawk-ignore require-concurrent-index-creation
create index reply_by_day on reply (day);

create table reply_seen (
    reply bigint primary key references reply (id),
    by text not null,
    at timestamptz not null,
    reason text not null check (reason <> '')
);
comment on table reply_seen is 'Replies that a person has seen to, and what came of it.';
create trigger reply_seen_is_append_only before update or delete on reply_seen
    for each row execute function refuse_change();
select keep_from_emptying('reply_seen');

grant select on doubt, doubt_decision, doubt_closed, reply_seen to duly_planner, duly_worker, duly_console, duly_auditor;
grant insert, update, delete on doubt to duly_worker;
grant insert on doubt_closed to duly_worker;
