-- name: known_until
-- The last instant that this database recorded anything of.
select max(e.at) as at from entry e;

-- name: cases_named
-- The episodes that bear these names in the public log, and the place of the last entry of each.
select f."case", f.account, f.pseudonym, f.chain_seq from case_file f where f.pseudonym = any(%(pseudonyms)s::bytea[]);

-- name: chain_places
-- Which entry stands at these places of the chains, as far as this database knows.
select c."case", c.seq, c.id
from unnest(%(cases)s::text[], %(seqs)s::bigint[]) as w ("case", seq)
join entry_case c on c."case" = w."case" and c.seq = w.seq;

-- name: decisions_kept
-- Where the decisions of each plan are kept.
select distinct p.decisions_path from day_plan p;

-- name: persons_unsent
-- To whom something was still to be said since a day: what became of it afterwards is not known here.
select distinct m.person from message m
where m.day >= %(since)s
    and not exists (select 1 from hand_over h where h.key = m.key)
    and not exists (select 1 from disposition d where d.key = m.key and d.day = m.day and d.version = m.version);

-- name: persons_on
-- Everybody on these accounts.
select distinct p.person from account_party p where p.account = any(%(accounts)s::text[]);

-- name: persons_known
-- Everybody in the book.
select distinct p.person from account_party p;

-- name: entries_known
-- The entries among these that this database has, with their leaves.
select e.id, e.leaf from entry e where e.day = any(%(days)s::date[]) and e.id = any(%(ids)s::uuid[]);

-- name: wait_no_more
-- These entries have their places.
delete from entry_waiting w where w.id = any(%(ids)s::uuid[]);

-- name: chain_entries
-- Say at which place of which chain each of these entries stands, where that is not known yet.
insert into entry_case ("case", seq, id, day)
select * from unnest(%(cases)s::text[], %(seqs)s::bigint[], %(ids)s::uuid[], %(days)s::date[])
on conflict ("case", seq) do nothing;

-- name: advance_chains
-- Move the chains that stand behind these places to them.
update case_file f set chain_seq = w.seq, chain_head = w.head
from unnest(%(cases)s::text[], %(seqs)s::bigint[], %(heads)s::bytea[]) as w ("case", seq, head)
where f."case" = w."case" and f.chain_seq < w.seq;

-- name: revoke_keys
-- Let the keys that bear these fingerprints count no more.
insert into revoked_key (public_key, at)
select k.public_key, duly_clock() from person_key k
where encode(sha256(k.public_key), 'hex') = any(%(fingerprints)s::text[])
on conflict do nothing;

-- name: record_recovery
-- Say what was found, who decided to go on, and which halt stands until two lift it.
insert into recovery (
    at, database_size, database_root, database_epoch, log_size, log_root, log_epoch, everybody, digest, approved_by, halt
)
values (
    %(at)s, %(database_size)s, %(database_root)s, %(database_epoch)s, %(log_size)s, %(log_root)s, %(log_epoch)s,
    %(everybody)s, %(digest)s, %(approved_by)s, %(halt)s
)
returning id;

-- name: note_recovery_holds
-- Who is held by a recovery; those come back who were not yet.
insert into recovery_hold (recovery, person)
select %(recovery)s, w.person from unnest(%(persons)s::text[]) as w (person)
on conflict do nothing returning person;

-- name: hold_persons
-- Hold all accounts of these persons, or let them go, from a day on.
insert into book_event (at, kind, person, on_date, detail, ref, source)
select %(at)s, %(kind)s, w.person, %(on_date)s, 'manual', %(ref)s || w.person, %(source)s
from unnest(%(persons)s::text[]) as w (person)
on conflict (kind, ref) do nothing;

-- name: open_cases_of_persons
-- The open episodes of these persons, and those that begin when the next due date is missed.
select p.person, f."case" from account_party p join case_file f on f.account = p.account
where p.person = any(%(persons)s::text[])
    and (f.state = 'open' or (f.state = 'none' and f.opened_on > duly_clock()::date - 2))
order by p.person, f."case";

-- name: last_recovery
-- The last recovery, and how many it holds.
select
    r.id, r.at, r.everybody, r.halt, r.free_from, r.freed_by, h.resumed_at,
    (select count(*) from recovery_hold p where p.recovery = r.id) as held,
    exists (select 1 from manifest m where m.loaded_at > r.at and m.folded_from is null) as loaded
from recovery r join halt h on h.id = r.halt order by r.id desc limit 1;

-- name: held_by_recovery
-- Who is held by a recovery alone: was not held like that before, and was not let go one by one since.
select p.person
from recovery_hold p join book_event s on s.kind = 'hold_set' and s.ref = %(ref)s || p.person
where p.recovery = %(recovery)s
    and not exists (
        select 1 from book_event e
        where e.person = p.person and e.account is null and e.point is null and e.kind = 'hold_lifted'
            and e.detail = 'manual' and e.seq > s.seq
    )
    and coalesce((
        select e.kind from book_event e
        where e.person = p.person and e.account is null and e.point is null and e.kind in ('hold_set', 'hold_lifted')
            and e.detail = 'manual' and e.seq < s.seq
        order by e.seq desc limit 1
    ), 'hold_lifted') = 'hold_lifted'
order by p.person;

-- name: free_recovery
-- Say from which day on the people of a recovery are held no more, and who decided it.
update recovery set free_from = %(on_date)s, freed_by = %(by)s where id = %(recovery)s and free_from is null returning id;
