-- name: keep_raw
-- Keep what the carrier sent, sealed, before anything else.
insert into vault.raw (day, route, at, sealed) values (%(day)s, %(route)s, %(at)s, %(sealed)s) returning id;

-- name: match_remote
-- Which message a carrier's id belongs to.
select r.normal_id, r.key, r.part, r.day from remote r
where r.route = %(route)s and r.normal_id = any(%(normal_ids)s::text[]) and r.day >= %(since)s
order by r.day desc;

-- name: receipt
-- Write a receipt; the same word twice is written once.
insert into receipt (
    day, route, remote_id, normal_id, forms, destination, state, arrival, key, part, carrier_at, at, provenance, raw
)
select
    %(day)s, %(route)s, %(remote_id)s, %(normal_id)s, %(forms)s, %(destination)s, %(state)s, %(arrival)s, %(key)s, %(part)s,
    %(carrier_at)s, %(at)s, %(provenance)s, %(raw)s
where not exists (
    select 1 from receipt old
    where old.route = %(route)s and old.normal_id = %(normal_id)s and old.state = %(state)s and old.day >= %(since)s
)
on conflict do nothing
returning id;

-- name: whose_number
-- Everybody who is reached at this number.
select c.person, c.point from vault.contact c where c.value_key = %(value_key)s order by c.person, c.point;

-- name: last_contacted
-- Who was last written to at this number on this route.
select r.person, r.at from reservation r where r.number = %(value_key)s order by r.at desc limit 1;

-- name: replies_named
-- Which of these replies were kept before.
select r.dedupe from reply r where r.dedupe = any(%(names)s::bytea[]);

-- name: last_reply
-- What was said last on a day by whoever is reached at these points.
select r.dedupe from reply r where r.day = %(day)s and r.point = any(%(points)s::text[]) order by r.id desc limit 1;

-- name: reply
-- Write a reply.
insert into reply (day, route, at, person, point, intent, confidence, raw, acted, dedupe)
values (%(day)s, %(route)s, %(at)s, %(person)s, %(point)s, %(intent)s, %(confidence)s, %(raw)s, %(acted)s, %(dedupe)s);

-- name: book_event
-- Write what became known of a debt or a debtor.
insert into book_event (at, kind, person, account, point, amount_minor, on_date, detail, ref, source)
values (%(at)s, %(kind)s, %(person)s, %(account)s, %(point)s, %(amount_minor)s, %(on_date)s, %(detail)s, %(ref)s, %(source)s)
on conflict (kind, ref) do nothing
returning seq;

-- name: liable_of
-- Who is liable on an account.
select p.person from account_party p where p.account = any(%(accounts)s::text[]) order by p.person;

-- name: open_cases_of
-- The open episodes of a person's accounts, and those that begin when the next due date is missed.
select f."case" from case_file f join account_party p on p.account = f.account
where p.person = %(person)s and (f.state = 'open' or (f.state = 'none' and f.opened_on > duly_clock()::date - 2)) order by f."case";

-- name: open_cases_on
-- The open episodes of an account, and the one that begins when the next due date is missed.
select f."case" from case_file f where f.account = %(account)s and (f.state = 'open' or (f.state = 'none' and f.opened_on > duly_clock()::date - 2)) order by f."case";

-- name: hand_overs_of
-- Whose messages these are, and the evidence entry of each permit.
select distinct on (p.key)
    p.day, p.key, p.attempt, p.person, p.route, p.entry, m.cases, m.accounts, m.channel, m.point, m.stage, m.value_key
from permit p
join message m on m.day = p.day and m.key = p.key and m.version = p.version
where p.key = any(%(keys)s::bytea[]) and p.day >= %(since)s
order by p.key, p.day desc, p.attempt desc;

-- name: adopt_orphans
-- Give receipts that crossed with their own message's answer the message they belong to: by the id as it stands, or
-- by another form of it where the number agrees.
update receipt r set key = m.key, part = m.part
from remote m
join message w on w.key = m.key and w.day = m.day
where r.key is null and r.day >= %(since)s and m.day >= %(since)s and m.route = r.route and m.normal_id = any(r.forms)
    and (
        (m.normal_id = r.normal_id and coalesce(r.destination, w.value_key) = w.value_key)
        or r.destination = w.value_key
    )
returning r.key, r.arrival, r.remote_id, r.state, r.provenance, r.raw;

-- name: raws
-- What carriers sent, as it is kept.
select w.id, w.day, w.sealed from vault.raw w where w.id = any(%(ids)s::bigint[]);
