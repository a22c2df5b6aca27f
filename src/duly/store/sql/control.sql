-- name: install
-- Say once what this database is.
insert into installation (invented, origin, log_key) values (%(invented)s, %(origin)s, %(log_key)s) on conflict do nothing;

-- name: installation
-- What this database is.
select i.invented, i.origin, i.log_key from installation i;

-- name: server_setting
-- What the server is set to.
select current_setting(%(name)s) as setting;

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

-- name: halt_hits
-- Whether there is anything of this name that a halt could stop: in the book, or among what was planned lately.
select case %(scope)s::text
    when 'person' then exists (select 1 from account_party p where p.person = %(value)s)
    when 'account' then exists (select 1 from account_party p where p.account = %(value)s)
    else exists (
        select 1 from batch b join message m on m.batch = b.id and m.day = b.day
        where b.state <> 'done'
            and %(value)s = any(case %(scope)s::text
                when 'creditor' then array[m.creditor]
                when 'brand' then array[m.brand]
                when 'channel' then array[m.channel]
                when 'route' then array[m.route]
                when 'stage' then array[m.stage]
                else array[m.notice, m.template_digest]
            end)
    )
end as there;

-- name: resume
-- Lift a halt; it takes two people.
update halt set resumed_at = duly_clock(), resumed_by = %(by)s
where id = %(id)s and resumed_at is null returning id;

-- name: register_person
-- Make a person's public key known.
insert into person_key (name, public_key, duties, registered_at)
values (%(name)s, %(public_key)s, %(duties)s, duly_clock()) on conflict do nothing returning name;

-- name: person_keys
-- The public keys that count, and since when.
select k.name, k.public_key, k.duties, k.registered_at from person_key k
where not exists (select 1 from revoked_key r where r.public_key = k.public_key) order by k.name;

-- name: registered_key
-- The key that was registered for a person last, whether it counts or not.
select k.public_key from person_key k where k.name = %(name)s;

-- name: key_is_known
-- Whether a key is anybody's, or ever was.
select exists (select 1 from person_key k where k.public_key = %(key)s)
    or exists (select 1 from key_replacement r where r.old_key = %(key)s)
    or exists (select 1 from revoked_key r where r.public_key = %(key)s) as known;

-- name: record_key_replacement
-- Say whose key took the place of which, and who signed that.
insert into key_replacement (name, old_key, new_key, digest, approved_by, at, entry)
values (%(name)s, %(old_key)s, %(new_key)s, %(digest)s, %(approved_by)s, %(at)s, %(entry)s);

-- name: replace_person_key
-- Give a person the new key.
update person_key set public_key = %(new_key)s, duties = %(duties)s, registered_at = %(at)s
where name = %(name)s and public_key = %(old_key)s returning name;

-- name: key_replacements
-- Every replacement of a key, in order.
select r.name, r.old_key, r.new_key, r.approved_by, r.at from key_replacement r order by r.id;

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
where a.digest = any(%(digests)s::text[]) and not exists (select 1 from revoked_key r where r.public_key = k.public_key)
order by a.at, a.name, a.id;

-- name: note_halt_entry
-- Say which evidence entry records a halt.
update halt set entry = %(entry)s where id = %(id)s and entry is null;

-- name: halt_entry
-- Which evidence entry records a halt.
select h.entry from halt h where h.id = %(id)s;
