-- name: imported_known
-- What was loaded before of these rows, and what each said.
select i.key, i.leaf from imported i where i.key = any(%(keys)s::bytea[]);

-- name: copy_imported
-- Keep what another system says happened.
copy imported (
    key, source, reference, kind, at, on_date, person, account, channel, point, value_key, result, notice, said, arrival,
    arrived_on, proof, proof_ref, until, leaf, entry, entry_day
) from stdin (format binary);

-- name: copy_imported_contacts
-- Count the contacts that it had.
copy imported_contact (key, at, person, account, number, channel, kind) from stdin (format binary);

-- name: imported_stops
-- Have the points that an imported stop is about say so, unless something newer was told of them here.
insert into book_event (at, kind, person, point, on_date, detail, ref, source)
select duly_clock(), 'consent', c.person, c.point, i.on_date, 'withdrawn', 'imported:' || encode(i.key, 'hex') || ':' || c.point,
    'imported'
from imported i
join vault.contact c
    on (i.value_key is not null and c.value_key = i.value_key)
    or (i.value_key is null and c.person = i.person and (i.channel is null or c.channel = i.channel))
where i.entry = %(entry)s and i.kind = 'opt_out'
    and not exists (
        select 1 from book_event e where e.point = c.point and e.kind = 'consent' and e.at > i.at
    )
order by i.n, c.point
on conflict (kind, ref) do nothing;

-- name: imported_wrong_numbers
-- Have the points that reached somebody else say so, unless they were verified since or something newer was told.
insert into book_event (at, kind, person, point, on_date, detail, ref, source)
select duly_clock(), 'contact_state', c.person, c.point, i.on_date, 'wrong_number',
    'imported:' || encode(i.key, 'hex') || ':' || c.point, 'imported'
from imported i
join vault.contact c on c.value_key = i.value_key
where i.entry = %(entry)s and i.result = 'wrong_number' and c.point <> all(%(verified)s::text[])
    and not exists (
        select 1 from book_event e where e.point = c.point and e.kind = 'contact_state' and e.at > i.at
    )
order by i.n, c.point
on conflict (kind, ref) do nothing;

-- name: imported_holds
-- Set the holds that imported complaints and disputes ask for, unless they are over or somebody lifted such a one since.
insert into book_event (at, kind, person, account, on_date, detail, ref, source)
select duly_clock(), 'hold_set', i.person, i.account, i.on_date, i.kind, 'imported:' || encode(i.key, 'hex'), 'imported'
from imported i
where i.entry = %(entry)s and i.kind in ('complaint', 'dispute') and (i.until is null or i.until > %(day)s)
    and not exists (
        select 1 from book_event e
        where e.kind = 'hold_lifted' and e.detail = i.kind and e.person is not distinct from i.person
            and e.account is not distinct from i.account and e.on_date >= i.on_date
    )
order by i.n
on conflict (kind, ref) do nothing;

-- name: imported_standing
-- What the system before says of these kinds, and of notices those with these names; of some persons, where any are named.
select
    i.key, i.person, i.account, i.kind, i.on_date as day, i.channel, i.notice, i.arrival, i.arrived_on, i.proof, i.source,
    i.reference
from imported i
where (i.kind = any(%(kinds)s::text[]) or (i.kind in ('notice', 'demand') and i.notice = any(%(notices)s::text[])))
    and i.person is not null and i.account is not null
    and (%(persons)s::text[] is null or i.person = any(%(persons)s::text[]))
order by i.key;

-- name: story_of_imported
-- What the system before says of an account, of its people in general, and of their numbers.
select i.at, i.on_date, i.kind, i.person, i.account, i.channel, i.result, i.notice, i.said, i.arrival, i.proof, i.proof_ref,
    i.source, i.reference, i.until
from imported i
where i.account = %(account)s or (i.account is null and i.person = any(%(persons)s::text[]))
order by i.at, i.n;

-- name: imported_of_account
-- The rows about an account and its people with their leaves, and the entry of the load that brought each.
select i.n, i.source, i.reference, i.kind, i.at, i.on_date, i.person, i.account, i.channel, i.point, i.value_key, i.result,
    i.notice, i.said, i.arrival, i.arrived_on, i.proof, i.proof_ref, i.until, i.leaf, i.entry, i.entry_day
from imported i
where i.account = %(account)s
    or (i.account is null and i.person in (select p.person from account_party p where p.account = %(account)s))
order by i.n;

-- name: imported_leaves
-- Every leaf of the tree of one load, in order.
select i.n, i.leaf from imported i where i.entry = %(entry)s order by i.n;

-- name: imported_entries
-- The evidence entries of these loads, with their places in the tree.
select e.id, e.day, e.leaf, p.tree_index
from entry e left join entry_place p on p.id = e.id
where e.id = any(%(ids)s::uuid[]) and e.day = any(%(days)s::date[]) order by e.day, e.id;

-- name: imported_reach
-- How far back the imported history goes, and how many rows it has.
select count(*) as rows, min(i.on_date) as first_day from imported i;
