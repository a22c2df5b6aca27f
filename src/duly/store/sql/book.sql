-- name: put_persons
-- Keep the sealed payload of each person.
insert into vault.person (person, sealed, mark)
select * from unnest(%(persons)s::text[], %(sealed)s::bytea[], %(marks)s::bytea[])
on conflict (person) do update set sealed = excluded.sealed, mark = excluded.mark;

-- name: persons_marked
-- Each sealed person, the digest of the sealed form, and the mark by which its payload is known again.
select p.person, sha256(p.sealed), p.mark from vault.person p where p.mark is not null;

-- name: put_contacts
-- Keep the sealed contact values with their blind index.
insert into vault.contact (point, person, channel, value_key, agreed_for_service, sealed, mark)
select * from unnest(
    %(points)s::text[], %(persons)s::text[], %(channels)s::text[], %(value_keys)s::text[], %(agreed)s::boolean[],
    %(sealed)s::bytea[], %(marks)s::bytea[]
)
on conflict (point) do update set
    person = excluded.person, channel = excluded.channel, value_key = excluded.value_key,
    agreed_for_service = excluded.agreed_for_service, sealed = excluded.sealed, mark = excluded.mark;

-- name: contacts_marked
-- Each sealed contact value, what stands beside it, the digest of the sealed form, and the mark.
select c.point, c.person, c.channel, c.value_key, c.agreed_for_service, sha256(c.sealed), c.mark
from vault.contact c
where c.mark is not null;

-- name: put_parties
-- Who is liable on which account.
insert into account_party (account, person, role, liable)
select * from unnest(%(accounts)s::text[], %(persons)s::text[], %(roles)s::text[], %(liable)s::boolean[])
on conflict (account, person) do update set role = excluded.role, liable = excluded.liable;

-- name: record_manifest
-- Put a snapshot in force.
insert into manifest (digest, as_of, as_of_event, path, feeds, loaded_at)
values (%(digest)s, %(as_of)s, %(as_of_event)s, %(path)s, %(feeds)s, duly_clock());

-- name: mark_feed
-- Note how far a feed has come.
insert into feed_mark (feed, sha256, rows, watermark, control_total_minor, as_of, loaded_at)
values (%(feed)s, %(sha256)s, %(rows)s, %(watermark)s, %(control_total_minor)s, %(as_of)s, duly_clock())
on conflict (feed) do update set
    sha256 = excluded.sha256, rows = excluded.rows, watermark = excluded.watermark,
    control_total_minor = excluded.control_total_minor, as_of = excluded.as_of, loaded_at = excluded.loaded_at;

-- name: quarantine
-- Keep the rows that were not loaded, sealed, with place and reason.
insert into quarantine (at, feed, file, line, field, code, sealed)
select duly_clock(), w.feed, w.file, w.line, w.field, w.code, w.sealed
from unnest(
    %(feeds)s::text[], %(files)s::text[], %(lines)s::bigint[], %(fields)s::text[], %(codes)s::text[], %(sealed)s::bytea[]
) as w (feed, file, line, field, code, sealed);

-- name: persons_sealed
-- The sealed payloads of these persons.
select p.person, p.sealed from vault.person p where p.person = any(%(persons)s::text[]);

-- name: contacts_sealed
-- The sealed values of these contact points.
select c.point, c.person, c.channel, c.sealed from vault.contact c where c.point = any(%(points)s::text[]);

-- name: accounts_of
-- The accounts that a person stands on.
select p.account from account_party p where p.person = %(person)s order by p.account;

-- name: held_as_persons
-- Who of an account is held for a reason as a person, on all accounts, by what was recorded last.
select p.person from account_party p
where p.account = %(account)s and (
    select e.kind from book_event e
    where e.person = p.person and e.account is null and e.point is null and e.detail = %(detail)s
        and e.kind in ('hold_set', 'hold_lifted')
    order by e.seq desc limit 1
) = 'hold_set'
order by p.person;

-- name: open_cases_of_accounts
-- The open episodes of these accounts, and those that begin when the next due date is missed.
select f.account, f."case" from case_file f
where f.account = any(%(accounts)s::text[])
    and (f.state = 'open' or (f.state = 'none' and f.opened_on > (select duly_clock())::date - 2))
order by f.account, f."case";
