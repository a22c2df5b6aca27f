-- name: doubts_begin
-- Remember hand-overs in doubt, by the instant from which the carrier may deliver them no more.
insert into doubt (key, attempt, day, not_after)
select p.key, p.attempt, p.day, p.not_after
from unnest(%(keys)s::bytea[], %(attempts)s::int[], %(days)s::date[]) as w (key, attempt, day)
join permit p on p.key = w.key and p.attempt = w.attempt and p.day = w.day and p.day = any(%(days)s::date[])
on conflict do nothing;

-- name: doubts_end
-- These are in doubt no more, or are waited for no more.
delete from doubt d using unnest(%(keys)s::bytea[], %(attempts)s::int[], %(days)s::date[]) as w (key, attempt, day)
where d.key = w.key and d.attempt = w.attempt and d.day = w.day;

-- name: doubts_outlived
-- Doubts whose message the carrier may deliver no more since an instant, the oldest first.
select d.key from doubt d where d.not_after < %(before)s order by d.not_after, d.key limit %(most)s;

-- name: doubts_of
-- The hand-overs in doubt of these messages, with what shows whose permit each is, and what it says.
select
    p.day, p.key, p.attempt, p.person, p.route, p.at, p.entry, p.encoded_sha256, p.not_after, p.mac, p.parts,
    m.cases, m.notice, m.fields, m.value_key, a.outcome
from permit p
join message m on m.key = p.key and m.version = p.version and m.day = p.day and m.day >= %(since)s
left join lateral (
    select l.outcome from answer l
    where l.key = p.key and l.attempt = p.attempt and l.day = p.day and l.day >= %(since)s order by l.n desc limit 1
) a on true
where p.key = any(%(keys)s::bytea[]) and p.day >= %(since)s
    and (a.outcome is null or a.outcome = 'unsure')
    and not exists (
        select 1 from doubt_closed c where c.key = p.key and c.attempt = p.attempt and c.day = p.day
    )
order by p.key, p.attempt;

-- name: close_doubts
-- Close doubts as unknown; those that somebody closed before do not come back.
insert into doubt_closed (key, attempt, day, at, basis, decision, entry)
select w.key, w.attempt, w.day, %(at)s, %(basis)s, %(decision)s, w.entry
from unnest(%(keys)s::bytea[], %(attempts)s::int[], %(days)s::date[], %(entries)s::uuid[]) as w (key, attempt, day, entry)
on conflict do nothing
returning key, attempt, day;

-- name: decide_doubts
-- Keep what a person says of hand-overs in doubt; the same words again are one decision.
insert into doubt_decision (digest, outcome, reason, by, at, keys, overdue_minor, people)
values (%(digest)s, %(outcome)s, %(reason)s, %(by)s, %(at)s, %(keys)s, %(overdue_minor)s, %(people)s)
on conflict do nothing;

-- name: doubt_decisions
-- Decisions that still lack a signature, the oldest first.
select d.digest, d.outcome, d.reason, d.by, d.at, d.keys, d.overdue_minor, d.people
from doubt_decision d where d.done_at is null order by d.at, d.digest;

-- name: doubt_decided
-- As many people signed as it takes.
update doubt_decision set done_at = %(at)s, approved_by = %(approved_by)s where digest = %(digest)s and done_at is null
returning digest;

-- name: doubts_no_more
-- Whatever these messages were, they are not looked at again.
delete from doubt d where d.key = any(%(keys)s::bytea[]);

-- name: texts_said
-- The exact texts of messages that the gate released, sealed.
select t.key, t.attempt, t.person, t.sealed
from vault.message_text t where t.key = any(%(keys)s::bytea[]) and t.day = any(%(days)s::date[]);

-- name: replies_for_people
-- Replies since a day that a person has not seen to, the oldest first: what was not understood, what asks for an answer,
-- what came from nobody we know, and what says several things at once.
select r.id, r.day, r.at, r.route, r.person, r.intent, r.confidence, r.acted, r.said, r.provenance
from reply r
where r.day >= %(since)s
    and (%(all)s or r.intent = any(%(intents)s::text[]) or r.acted = 'nobody' or r.confidence < %(sure)s)
    and not exists (select 1 from reply_seen s where s.reply = r.id)
order by r.id;

-- name: reply_kept
-- One reply, and who has seen to it.
select r.id, r.day, r.at, r.route, r.person, r.intent, r.confidence, r.acted, r.said, r.provenance, s.by as seen_by
from reply r left join reply_seen s on s.reply = r.id where r.id = %(reply)s;

-- name: see_reply
-- A person has seen to a reply.
insert into reply_seen (reply, by, at, reason) values (%(reply)s, %(by)s, duly_clock(), %(reason)s) on conflict do nothing
returning reply;

-- name: to_be_asked_after
-- Messages of a route that left before an instant and whose end nobody told, with the ids that the carrier gave of them;
-- those that were never asked after come first. Those of which it named nothing cannot be asked after.
select o.key, o.day, m.brand, a.remote_ids
from (
    select w.key, w.day, w.asked_at from awaited w where w.route = %(route)s and w.day >= %(since)s
    union all
    select d.key, d.day, d.asked_at from doubt d where d.day >= %(since)s
) o
join lateral (
    select p.attempt, p.version, p.at from permit p
    where p.key = o.key and p.day = o.day and p.route = %(route)s order by p.attempt desc limit 1
) p on true
join message m on m.key = o.key and m.day = o.day and m.version = p.version
join lateral (
    select l.remote_ids from answer l where l.key = o.key and l.day = o.day and l.attempt = p.attempt order by l.n desc limit 1
) a on true
where p.at < %(before)s and cardinality(a.remote_ids) > 0 and (o.asked_at is null or o.asked_at < %(again)s)
order by o.asked_at nulls first, p.at, o.key limit %(most)s;

-- name: asked_after
-- These were asked after.
with doubts as (update doubt d set asked_at = %(at)s where d.key = any(%(keys)s::bytea[]))
update awaited a set asked_at = %(at)s where a.key = any(%(keys)s::bytea[]);

-- name: stops_heard
-- Who said stop by a reply since an instant, at which point, and the how-manieth stop of that point it is.
select r.id, r.person, r.point, r.at, (
    select count(*) from reply o where o.point = r.point and o.intent = 'stop' and o.person = r.person and o.id <= r.id
) as times
from reply r
where r.at >= %(since)s and r.intent = 'stop' and r.person is not null and r.point is not null
order by r.id;

-- name: last_said
-- What left for a person to a point last, of the days since one.
select
    m.day, m.key, m.version, m.plan, m.notice_key, m.code, m.person, m.creditor, m.servicer, m.brand, m.stage, m.occurrence,
    m.step, m.notice, m.class, m.locale, m.channel, m.route, m.point, m.value_key, m.cases, m.accounts, m.fields, m.act,
    m.template_digest, m.content, m.deadline_on, m.parts, m.billed, m.not_before, m.not_after, m.binding_rule, m.arm,
    m.release, m.manifest, m.horizon, m.mac
from message m
join permit p on p.key = m.key and p.version = m.version and p.day = m.day and p.day >= %(since)s
where m.person = %(person)s and m.point = %(point)s and m.day >= %(since)s
order by p.at desc, p.key limit 1;

-- name: is_planned
-- Whether a message of this key was ever asked for since a day.
select exists (select 1 from message m where m.key = %(key)s and m.day >= %(since)s) as there;

-- name: newest_plan
-- The plan that was put to work last.
select max(p.id) as id from day_plan p;

-- name: story_of_doubts
-- The doubts about these messages that were closed, and by whom.
select c.key, c.at, c.basis, d.reason, d.approved_by
from doubt_closed c left join doubt_decision d on d.digest = c.decision
where c.key = any(%(keys)s::bytea[]) order by c.at, c.key;
