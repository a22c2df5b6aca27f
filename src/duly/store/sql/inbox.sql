-- name: keep_raw
-- Keep what the carrier sent, sealed, before anything else.
insert into vault.raw (day, route, at, sealed) values (%(day)s, %(route)s, %(at)s, %(sealed)s) returning id;

-- name: match_remote
-- Which message a carrier's id belongs to.
select r.normal_id, r.key, r.part, r.day from remote r
where r.route = %(route)s and r.normal_id = any(%(normal_ids)s::text[]) and r.day >= %(since)s
order by r.day desc;

-- name: match_remote_on
-- The same on some days only.
select r.normal_id, r.key, r.part, r.day from remote r
where r.route = %(route)s and r.normal_id = any(%(normal_ids)s::text[]) and r.day = any(%(days)s::date[])
order by r.day desc;

-- name: receipts
-- Write receipts, in the same order whoever writes, and await no more what they tell the end of; the same word twice is
-- written once, and what was written comes back.
with kept as (
    insert into receipt (
        day, route, remote_id, normal_id, forms, destination, state, arrival, key, part, carrier_at, at, provenance, raw,
        reference, submitted_at, head
    )
    select distinct on (w.normal_id, w.state)
        %(day)s, %(route)s, w.remote_id, w.normal_id, string_to_array(w.forms, chr(31)), w.destination, w.state, w.arrival,
        w.key, w.part, w.carrier_at, %(at)s::timestamptz, w.provenance, w.raw, w.reference, w.submitted_at, w.head
    from unnest(
        %(remote_ids)s::text[], %(normal_ids)s::text[], %(forms)s::text[], %(destinations)s::text[], %(states)s::text[],
        %(arrivals)s::text[], %(keys)s::bytea[], %(parts)s::int[], %(carrier_at)s::timestamptz[], %(provenances)s::text[],
        %(raws)s::bigint[], %(references)s::int[], %(submitted)s::timestamptz[], %(heads)s::bytea[]
    ) with ordinality as w (
        remote_id, normal_id, forms, destination, state, arrival, key, part, carrier_at, provenance, raw, reference,
        submitted_at, head, o
    )
    where (
        select true from receipt old
        where old.route = %(route)s and old.normal_id = w.normal_id and old.state = w.state and old.day >= %(since)s
        limit 1
    ) is null
    order by w.normal_id, w.state, w.o
    on conflict do nothing
    returning normal_id, state, arrival, key
), heard as (
    -- Whoever has such a row in hand takes it away himself.
    delete from awaited a
    where a.key = any(array(
        select b.key from awaited b join kept k on k.key = b.key and k.arrival <> 'unknown' for update of b skip locked
    ))
)
select k.normal_id, k.state from kept k;

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
insert into reply (day, route, at, person, point, intent, confidence, raw, acted, dedupe, said, provenance)
values (
    %(day)s, %(route)s, %(at)s, %(person)s, %(point)s, %(intent)s, %(confidence)s, %(raw)s, %(acted)s, %(dedupe)s,
    %(said)s, %(provenance)s
);

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
where p.person = %(person)s
    and (f.state = 'open' or (f.state = 'none' and f.opened_on > (select duly_clock())::date - 2))
order by f."case";

-- name: open_cases_on
-- The open episodes of an account, and the one that begins when the next due date is missed.
select f."case" from case_file f
where f.account = %(account)s
    and (f.state = 'open' or (f.state = 'none' and f.opened_on > (select duly_clock())::date - 2))
order by f."case";

-- name: hand_overs_of
-- Whose messages these are, and the evidence entry of each permit: that of the attempt which left or may have left,
-- whatever was put in beside it.
select
    p.day, p.key, p.attempt, p.at, p.person, p.route, p.entry, m.cases, m.accounts, m.channel, m.point, m.stage, m.value_key
from (
    select distinct on (q.key) q.day, q.key, q.attempt, q.version, q.at, q.person, q.route, q.entry
    from permit q
    left join hand_over h on h.key = q.key and h.day = q.day and h.attempt = q.attempt
    where q.key = any(%(keys)s::bytea[]) and q.day >= %(since)s
    order by q.key, h.key is null, q.day desc, q.attempt desc
) p
join message m on m.day = p.day and m.key = p.key and m.version = p.version and m.day >= %(since)s
order by p.key;

-- name: orphans
-- Whether there are receipts without a message.
select exists (select 1 from receipt r where r.key is null and r.day >= %(since)s) as there;

-- name: adopt_orphans
-- Give receipts that crossed with their own message's answer the message they belong to: by the id as it stands, or
-- by another form of it where the number agrees.
with orphan as materialized (
    select r.day, r.route, r.normal_id, r.state, r.forms, r.destination
    from receipt r where r.key is null and r.day >= %(since)s
), owned as (
    select distinct on (o.day, o.route, o.normal_id, o.state) o.day, o.route, o.normal_id, o.state, m.key, m.part, m.sent_on
    from orphan o
    cross join lateral (
        select n.key, n.part, n.normal_id, n.day as sent_on from remote n
        where n.normal_id = any(o.forms) and n.route = o.route and n.day >= %(sent_since)s
    ) m
    cross join lateral (
        select w.value_key from message w where w.key = m.key and w.day = m.sent_on and w.day >= %(sent_since)s
    ) w
    where (m.normal_id = o.normal_id and coalesce(o.destination, w.value_key) = w.value_key)
        or o.destination = w.value_key
    order by o.day, o.route, o.normal_id, o.state, m.normal_id <> o.normal_id, m.sent_on desc
), adopted as (
    update receipt r set key = f.key, part = f.part
    from owned f
    where r.day = f.day and r.normal_id = f.normal_id and r.route = f.route and r.state = f.state
        and r.key is null and r.day >= %(since)s
    returning r.key, r.arrival, r.remote_id, r.state, r.provenance, r.raw, f.sent_on
), heard as (
    delete from awaited a
    where a.key = any(array(
        select b.key from awaited b join adopted k on k.key = b.key and k.arrival <> 'unknown' for update of b skip locked
    ))
)
select a.key, a.arrival, a.remote_id, a.state, a.provenance, a.raw, a.sent_on from adopted a;

-- name: raws
-- What carriers sent, as it is kept.
select w.id, w.day, w.sealed from vault.raw w where w.id = any(%(ids)s::bigint[]);

-- name: in_question
-- The messages that left, or may have left, for these numbers: what the carrier said last, under which ids, and which
-- parts its receipts spoke of so far.
select
    p.day, p.key, p.attempt, p.at, p.person, p.route, p.entry, p.parts, m.cases, m.value_key,
    case a.outcome when 'refused' then 'unsure' else a.outcome end as outcome,
    coalesce(a.remote_ids, '{}') as remote_ids, y.parts as heard, y.ids as heard_as
from (
    select distinct on (q.key) q.day, q.key, q.attempt, q.version, q.at, q.person, q.route, q.entry, q.parts
    from permit q
    left join hand_over h on h.key = q.key and h.day = q.day and h.attempt = q.attempt
    where q.key in (
            select r.key from reservation r where r.number = any(%(numbers)s::text[])
            union
            -- What a person took for refused counts no more, and may have left all the same.
            select unnest(d.keys) from doubt_decision d where d.outcome = 'refused' and d.done_at >= %(since)s
        )
        and q.route = any(%(routes)s::text[]) and q.day >= %(since)s
    order by q.key, h.key is null, q.day desc, q.attempt desc
) p
join message m on m.key = p.key and m.version = p.version and m.day = p.day and m.day >= %(since)s
left join lateral (
    select l.outcome, l.code, l.remote_ids from answer l
    where l.key = p.key and l.attempt = p.attempt and l.day = p.day and l.day >= %(since)s order by l.n desc limit 1
) a on true
cross join lateral (
    select
        coalesce(array_agg(x.part order by x.id), '{}') as parts, coalesce(array_agg(x.remote_id order by x.id), '{}') as ids
    from receipt x where x.key = p.key and x.part is not null and x.day >= %(since)s
) y
where a.outcome is null or a.outcome in ('accepted', 'unsure') or (a.outcome = 'refused' and a.code = 'decided');

-- name: orphans_that_name_us
-- Receipts without a message that carry a number with our own reference or a beginning of the text, the newest first.
select
    r.day, r.route, r.normal_id, r.state, r.destination, r.reference, r.submitted_at, r.head, r.remote_id, r.arrival,
    r.provenance, r.raw
from receipt r
where r.key is null and (r.reference is not null or r.head is not null) and r.destination is not null
    and r.day >= %(since)s
order by r.day desc, r.id desc limit %(most)s;

-- name: adopt_named
-- Give such receipts their message, and await no more what they tell the end of.
with adopted as (
    update receipt r set key = w.key, part = w.part
    from unnest(
        %(days)s::date[], %(routes)s::text[], %(normal_ids)s::text[], %(states)s::text[], %(keys)s::bytea[], %(parts)s::int[]
    ) as w (day, route, normal_id, state, key, part)
    where r.day = w.day and r.normal_id = w.normal_id and r.route = w.route and r.state = w.state
        and r.key is null and r.day >= %(since)s
    returning r.day, r.route, r.normal_id, r.state, r.key, r.arrival
), heard as (
    delete from awaited a
    where a.key = any(array(
        select b.key from awaited b join adopted k on k.key = b.key and k.arrival <> 'unknown' for update of b skip locked
    ))
)
select a.day, a.route, a.normal_id, a.state from adopted a;

-- name: parts_so_far
-- What came of the long replies that bear this name, in the order in which it came.
select
    p.reply, p.route, p.source, p.addressee, p.reference, p.total, p.number, p.alphabet, p.day, p.at, p.sealed, p.raw, p.read_at
from vault.reply_part p
where p.source = %(source)s and p.at >= %(since)s and p.route = %(route)s and p.addressee = %(addressee)s
    and p.reference = %(reference)s and p.total = %(total)s
order by p.id;

-- name: keep_part
-- Keep one part of a long reply.
insert into vault.reply_part (reply, route, source, addressee, reference, total, number, alphabet, raw, day, at, sealed)
values (
    %(reply)s, %(route)s, %(source)s, %(addressee)s, %(reference)s, %(total)s, %(number)s, %(alphabet)s, %(raw)s, %(day)s,
    %(at)s, %(sealed)s
);

-- name: parts_read
-- The parts of these replies were read.
update vault.reply_part p set read_at = %(at)s where p.reply = any(%(replies)s::uuid[]) and p.read_at is null;

-- name: replies_left_open
-- Long replies of which a part waits since before an instant, the oldest first.
select p.reply, p.source, min(p.at) as since
from vault.reply_part p where p.read_at is null and p.at < %(before)s
group by p.reply, p.source order by since limit %(most)s;

-- name: parts_left_open
-- Every part of these replies, of those of which one is still unread.
select
    p.reply, p.route, p.source, p.addressee, p.reference, p.total, p.number, p.alphabet, p.day, p.at, p.sealed, p.raw, p.read_at
from vault.reply_part p
where p.reply = any(%(replies)s::uuid[])
    and exists (select 1 from vault.reply_part u where u.reply = p.reply and u.read_at is null)
order by p.id;
