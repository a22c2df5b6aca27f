-- A day as it is in the evening: everything left, was accepted in two parts, and has its receipts.
select ensure_day(d::date) from generate_series(current_date - 3, current_date, interval '1 day') as s (d);
insert into manifest (digest, as_of, as_of_event, path, feeds, loaded_at, base)
values ('m', current_date, 0, '/', '{}', now(), 'm');
insert into day_plan (
    day, reason, manifest, horizon, strategy_digest, templates_digest, packs_digest, destinations_digest, settings_digest,
    channels_digest, decisions_path, decisions_root, messages, sum_minor, at
) values (current_date, 'day', 'm', 0, 's', 't', 'p', 'd', 's', 'c', '/', '', 1, 1, now());
insert into batch (day, route, not_before, not_after, messages, state)
select current_date, 'main', now(), now() + interval '1 hour', 10, 'done' from generate_series(1, %(n)s / 2);
insert into message (
    day, key, version, plan, batch, notice_key, code, person, creditor, servicer, brand, stage, occurrence, step, notice,
    class, locale, channel, route, point, value_key, cases, accounts, fields, act, template_digest, content, parts, billed,
    cost_micro, not_before, not_after, arm, manifest, horizon, mac
)
select
    current_date, decode(md5(i::text), 'hex'), 1, 1, 1 + i / 2, '', 'c' || i, 'P' || i, 'c', 's', 'b', 'first', 1, 0, 'first',
    'nudge', 'zh-CN', 'sms', 'main', 'P' || i || '-s1', 'v' || i, array['A' || i || '/20311101'], array['A' || i],
    jsonb_build_object('figures', repeat('x', 400)), jsonb_build_object('facts', repeat('y', 600)), 't', 'c', 2, 2,
    0, now(), now() + interval '1 hour', '', 'm', 0, ''
from generate_series(0, %(n)s - 1) as s (i);
insert into hand_over (key, day, attempt) select key, day, 1 from message;
insert into reservation (key, attempt, at, person, account, number, channel)
select key, 1, now(), person, accounts[1], value_key, channel from message;
insert into permit (
    day, key, attempt, version, person, route, worker, encoded_sha256, at, not_after, parts, verdict, entry, mac
)
select day, key, 1, 1, person, route, 'w', sha256(key), now(), not_after, 2, '{}', gen_random_uuid(), sha256(key) from message;
insert into answer (day, key, attempt, outcome, remote_ids, at)
select day, key, 1, 'accepted', array[md5(key::text || 0), md5(key::text || 1)], now() from message;
insert into remote (day, route, normal_id, key, part)
select day, route, md5(key::text || p), key, p from message, generate_series(0, 1) as s (p);
insert into receipt (day, route, remote_id, normal_id, forms, state, arrival, key, part, at, provenance)
select day, route, normal_id, normal_id, array[normal_id], 'DELIVRD', 'delivered', key, part, now(), 'session' from remote;
insert into book_event (at, kind, person, account, source) select now(), 'payment', person, accounts[1], 'core' from message;
insert into wake (person, at, why, made_at, done_by) select person, now(), 'deadline', now(), 1 from message;
insert into imported (key, source, reference, kind, at, on_date, person, account, channel, proof, leaf, entry, entry_day)
select
    key, 'old', key::text, 'attempt', now(), current_date, person, accounts[1], 'voice', 'asserted', sha256(key),
    gen_random_uuid(), current_date
from message;
insert into imported_contact (key, at, person, account, number, channel, kind)
select key, now(), person, accounts[1], value_key, 'voice', 'attempt' from message;
