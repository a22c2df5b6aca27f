-- name: install
-- Say once what this database is.
insert into installation (invented, origin, log_key) values (%(invented)s, %(origin)s, %(log_key)s) on conflict do nothing;

-- name: installation
-- What this database is.
select i.invented, i.origin, i.log_key from installation i;

-- name: offset
-- How far the virtual clock runs ahead, in seconds.
select coalesce((select o.seconds from clock_offset o), 0)::bigint as seconds;

-- name: advance
-- Move the virtual clock forward.
insert into clock_offset (seconds) values (%(seconds)s)
on conflict (only_row) do update set seconds = excluded.seconds;

-- name: halt
-- Stop everything within a scope.
insert into halt (scope, value, reason, by, at) values (%(scope)s, %(value)s, %(reason)s, %(by)s, duly_clock()) returning id;

-- name: resume
-- Lift a halt; it takes two people.
update halt set resumed_at = duly_clock(), resumed_by = %(by)s
where id = %(id)s and resumed_at is null returning id;

-- name: register_person
-- Make a person's public key known.
insert into person_key (name, public_key, duties, registered_at)
values (%(name)s, %(public_key)s, %(duties)s, duly_clock()) on conflict do nothing returning name;

-- name: person_keys
-- The public keys that are known.
select k.name, k.public_key, k.duties from person_key k order by k.name;

-- name: approve
-- Keep one person's signed approval of one digest; nothing comes back if its nonce was used before.
insert into approval (subject, digest, name, author, nonce, at, expires, max_messages, max_overdue_minor, signature)
values (
    %(subject)s, %(digest)s, %(name)s, %(author)s, %(nonce)s, %(at)s, %(expires)s, %(max_messages)s, %(max_overdue_minor)s,
    %(signature)s
)
on conflict (nonce) do nothing returning id;

-- name: approvals_of
-- The approvals of these digests, with the key that is registered for each person.
select
    a.subject, a.digest, a.name, a.author, a.nonce, a.at, a.expires, a.max_messages, a.max_overdue_minor, a.signature,
    k.public_key
from approval a join person_key k on k.name = a.name
where a.digest = any(%(digests)s::text[]) order by a.at, a.name, a.id;

-- name: note_halt_entry
-- Say which evidence entry records a halt.
update halt set entry = %(entry)s where id = %(id)s and entry is null;

-- name: halt_entry
-- Which evidence entry records a halt.
select h.entry from halt h where h.id = %(id)s;
