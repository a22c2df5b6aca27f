-- name: story_of_messages
-- Every message about an account, with what the gate, the carrier and the debtor said of it.
select
    m.day, m.key, m.version, m.person, m.stage, m.occurrence, m.step, m.notice, m.channel, m.route, m.point, m.locale,
    m.fields, m.not_before, m.not_after, m.binding_rule,
    p.attempt, p.at as permitted_at, p.verdict, p.route as permit_route, p.encoded_sha256, p.not_after as permit_not_after, p.mac,
    a.outcome, a.code as answer_code, a.at as answered_at,
    d.outcome as ended, d.code as ended_code, d.rule as ended_rule, d.fact as ended_fact, d.at as ended_at
from message m
left join permit p on p.day = m.day and p.key = m.key and p.version = m.version
left join lateral (
    select l.outcome, l.code, l.at from answer l
    where l.day = p.day and l.key = p.key and l.attempt = p.attempt order by l.n desc limit 1
) a on true
left join disposition d on d.day = m.day and d.key = m.key and d.version = m.version
where %(account)s = any(m.accounts)
order by coalesce(p.at, m.not_before), m.key, m.version;

-- name: story_of_receipts
-- The receipts of these messages.
select r.key, r.state, r.arrival, r.at, r.provenance from receipt r where r.key = any(%(keys)s::bytea[]) order by r.at;

-- name: story_of_replies
-- What these persons answered.
select r.person, r.at, r.intent, r.confidence, r.acted from reply r where r.person = any(%(persons)s::text[]) order by r.at;

-- name: story_of_events
-- What became known of an account and its people.
select e.at, e.kind, e.person, e.account, e.point, e.amount_minor, e.on_date, e.detail, e.source
from book_event e where e.account = %(account)s or e.person = any(%(persons)s::text[]) order by e.seq;

-- name: story_of_stages
-- How the stages of an account moved.
select s.on_day, s.person, s."case", s.stage, s.event, s.to_state, s.why
from stage_event s join case_file f on f."case" = s."case" where f.account = %(account)s order by s.n;

-- name: story_of_cases
-- How the episodes of an account moved.
select e.on_day, e."case", e.event, e.to_state
from case_event e join case_file f on f."case" = e."case" where f.account = %(account)s order by e.n;

-- name: totals_of_day
-- What a day came to.
select
    (select count(*) from permit p where p.day = %(day)s) as permitted,
    (select count(*) from answer a where a.day = %(day)s and a.outcome = 'accepted') as accepted,
    (select count(*) from answer a where a.day = %(day)s and a.outcome = 'refused') as refused,
    (
        select count(distinct r.key) from receipt r
        where r.day = %(day)s and r.arrival = 'delivered'
            and not exists (select 1 from receipt f where f.day = r.day and f.key = r.key and f.arrival = 'failed')
    ) as delivered,
    (select count(distinct r.key) from receipt r where r.day = %(day)s and r.arrival = 'failed') as failed,
    (select count(*) from reply r where r.day = %(day)s) as replies,
    (select count(*) from disposition d where d.day = %(day)s and d.outcome = 'dropped') as dropped,
    (select count(*) from disposition d where d.day = %(day)s and d.outcome = 'expired') as expired;

-- name: by_code
-- The message that left under a code, with what shows whether the gate gave its permit.
select m.day, m.brand, m.creditor, p.at, p.key, p.route, p.encoded_sha256, p.not_after, p.mac
from message m join permit p on p.day = m.day and p.key = m.key and p.version = m.version
where m.code = %(code)s
    and not exists (
        select 1 from answer a
        where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.outcome in ('refused', 'returned')
    )
order by p.at desc;

-- name: most_told
-- The account about which most notices left.
select a.account, count(*) as told
from permit p
join message m on m.day = p.day and m.key = p.key and m.version = p.version
cross join lateral unnest(m.accounts) as a (account)
group by a.account order by told desc, a.account limit 1;

-- name: held_by_reply
-- An account that is held because of what the debtor answered after a notice.
select p.account
from book_event e
join account_party p on p.person = e.person
join case_file f on f.account = p.account and f.state = 'open'
where e.kind = 'hold_set' and e.detail in ('dispute', 'hardship', 'complaint') and e.source = 'reply'
order by e.seq, p.account limit 1;
