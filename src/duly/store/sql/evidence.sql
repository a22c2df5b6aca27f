-- name: take_chains
-- Lock the chains of these cases in one fixed order and read where they stand.
select f."case", f.pseudonym, f.chain_seq, f.chain_head from case_file f
where f."case" = any(%(cases)s::text[]) order by f."case" for update;

-- name: move_chains
-- Write where the chains stand now.
update case_file f set chain_seq = w.seq, chain_head = w.head
from unnest(%(cases)s::text[], %(seqs)s::bigint[], %(heads)s::bytea[]) as w ("case", seq, head)
where f."case" = w."case";

-- name: entries
-- Write evidence entries beside the facts they record.
insert into entry (day, id, at, kind, leaf)
select * from unnest(%(days)s::date[], %(ids)s::uuid[], %(at)s::timestamptz[], %(kinds)s::text[], %(leaves)s::bytea[]);

-- name: entries_wait
-- Let the sequencer know of them, in this order.
insert into entry_waiting (id, day)
select w.id, w.day from unnest(%(ids)s::uuid[], %(days)s::date[]) with ordinality as w (id, day, o) order by w.o;

-- name: entry_cases
-- Say at which place of which chain each entry stands.
insert into entry_case ("case", seq, id, day)
select * from unnest(%(cases)s::text[], %(seqs)s::bigint[], %(ids)s::uuid[], %(days)s::date[]);

-- name: openings
-- Keep salts and values, sealed under the key of the person they concern.
insert into vault.opening (day, entry, person, sealed)
select * from unnest(%(days)s::date[], %(ids)s::uuid[], %(persons)s::text[], %(sealed)s::bytea[]);

-- name: lead
-- Be the one sequencer, or not.
select pg_try_advisory_xact_lock(%(lock)s) as leading;

-- name: take_waiting
-- Take the next entries without a place, oldest first.
delete from entry_waiting w
where w.id in (select n.id from entry_waiting n order by n.n limit %(most)s)
returning w.id, w.day, w.n;

-- name: leaves_of
-- The leaves of these entries.
select e.id, e.leaf from entry e where e.day = any(%(days)s::date[]) and e.id = any(%(ids)s::uuid[]);

-- name: place
-- Give entries their places in the tree.
insert into entry_place (tree_index, id, day)
select * from unnest(%(places)s::bigint[], %(ids)s::uuid[], %(days)s::date[]);

-- name: head
-- Where the log stands.
select h.size, h.root, h.epoch from log_head h;

-- name: first_head
-- The head of an empty log.
insert into log_head (size, root, epoch) values (%(size)s, %(root)s, %(epoch)s) on conflict do nothing;

-- name: swap_head
-- Move the head if it still stands where we read it.
update log_head set size = %(size)s, root = %(root)s, epoch = %(epoch)s
where size = %(old_size)s and root = %(old_root)s and epoch = %(old_epoch)s
returning size;

-- name: placed_leaves
-- The leaves in tree order from a place on, to rebuild files from rows.
select p.tree_index, e.leaf from entry_place p join entry e on e.day = p.day and e.id = p.id
where p.tree_index >= %(start)s and p.tree_index < %(stop)s order by p.tree_index;

-- name: case_entries
-- Every entry of a case in the order of its chain, with its place in the tree.
select c.seq, c.id, c.day, e.at, e.kind, e.leaf, p.tree_index
from entry_case c
join entry e on e.day = c.day and e.id = c.id
left join entry_place p on p.id = c.id
where c."case" = %(case)s order by c.seq;

-- name: openings_of
-- The sealed openings of these entries.
select o.entry, o.person, o.sealed from vault.opening o where o.entry = any(%(ids)s::uuid[]) and o.day = any(%(days)s::date[]);

-- name: cases_of_account
-- The episodes of an account.
select f."case", f.account, f.opened_on, f.state, f.pseudonym, f.chain_seq, f.chain_head
from case_file f where f.account = %(account)s order by f.opened_on;
