-- name: stage_persons
-- A place for sealed payloads, for the length of the transaction and for nobody else.
create temporary table staged_person (person text, sealed bytea, mark bytea) on commit drop;

-- name: copy_persons
-- Stage sealed payloads.
copy staged_person (person, sealed, mark) from stdin (format binary);

-- name: persons_marked
-- Each sealed person, the digest of the sealed form, and the mark by which its payload is known again, in order.
select p.person, sha256(p.sealed), p.mark from vault.person p where p.mark is not null order by p.person collate "C";

-- name: merge_persons
-- Keep the sealed payload of each person that was staged.
insert into vault.person (person, sealed, mark)
select s.person, s.sealed, s.mark from staged_person s
on conflict (person) do update set sealed = excluded.sealed, mark = excluded.mark;

-- name: stage_contacts
-- A place for sealed contact values, for the length of the transaction and for nobody else.
create temporary table staged_contact (
    point text, person text, channel text, value_key text, agreed_for_service boolean, sealed bytea, mark bytea
) on commit drop;

-- name: copy_contacts
-- Stage sealed contact values.
copy staged_contact (point, person, channel, value_key, agreed_for_service, sealed, mark) from stdin (format binary);

-- name: contacts_marked
-- Each sealed contact value, what stands beside it, the digest of the sealed form, and the mark, person after person.
select c.person, c.point, c.channel, c.value_key, c.agreed_for_service, sha256(c.sealed), c.mark
from vault.contact c
where c.mark is not null
order by c.person collate "C";

-- name: merge_contacts
-- Keep the sealed contact values that were staged, with their blind index.
insert into vault.contact (point, person, channel, value_key, agreed_for_service, sealed, mark)
select s.point, s.person, s.channel, s.value_key, s.agreed_for_service, s.sealed, s.mark from staged_contact s
on conflict (point) do update set
    person = excluded.person, channel = excluded.channel, value_key = excluded.value_key,
    agreed_for_service = excluded.agreed_for_service, sealed = excluded.sealed, mark = excluded.mark;

-- name: stage_parties
-- A place for the roles of a book, for the length of the transaction and for nobody else.
create temporary table staged_party (account text, person text, role text, liable boolean) on commit drop;

-- name: copy_parties
-- Stage roles.
copy staged_party (account, person, role, liable) from stdin (format binary);

-- name: merge_parties
-- Who is liable on which account, where that is not known already.
-- As the difference of two sets: nothing is known of the sizes of either yet, and a join might go round and round.
insert into account_party (account, person, role, liable)
select s.account, s.person, s.role, s.liable from staged_party s
except all
select p.account, p.person, p.role, p.liable from account_party p
on conflict (account, person) do update set role = excluded.role, liable = excluded.liable;

-- name: record_manifest
-- Put a snapshot in force; one that was in force before, and of which the same files were loaded again, is the newest again.
insert into manifest (digest, as_of, as_of_event, path, feeds, loaded_at, base)
values (%(digest)s, %(as_of)s, %(as_of_event)s, %(path)s, %(feeds)s, duly_clock(), %(digest)s)
on conflict (digest) do update set
    number = default, path = excluded.path, loaded_at = excluded.loaded_at, removed_at = null;

-- name: fold_manifest
-- Put in force what was folded from the snapshot in force and its events.
insert into manifest (digest, as_of, as_of_event, path, feeds, loaded_at, base, folded_from)
select %(digest)s, m.as_of, %(as_of_event)s, %(path)s, m.feeds, duly_clock(), m.base, m.digest
from manifest m where m.digest = %(folded_from)s
on conflict (digest) do update set
    number = default, path = excluded.path, loaded_at = excluded.loaded_at, removed_at = null;

-- name: payments_told
-- Which of these payments, and which payments undone, were told as they happened, by the lender's ids.
select e.account, e.ref, e.kind = 'reversal'
from book_event e where e.kind in ('payment', 'reversal') and e.ref = any(%(refs)s::text[]);

-- name: snapshots
-- Every snapshot that was in force, the newest first, with what still asks for its files: messages of its plans that
-- neither left nor ended, and its last plan.
with waiting as materialized (
    select distinct p.manifest
    from batch b join message i on i.batch = b.id and i.day = b.day join day_plan p on p.id = i.plan
    where b.state <> 'done'
)
select
    m.digest, m.number, m.as_of, m.as_of_event, m.path, m.loaded_at, m.base, m.folded_from, m.removed_at,
    (select count(*) from day_plan p where p.manifest = m.digest) as plans,
    (select max(p.at) from day_plan p where p.manifest = m.digest) as last_plan,
    m.digest in (select w.manifest from waiting w) as open
from manifest m order by m.number desc;

-- name: forget_snapshot
-- Say that the files of a snapshot are being removed.
update manifest set removed_at = duly_clock() where digest = %(digest)s and removed_at is null returning digest;

-- name: mark_feed
-- Note how far a feed has come.
insert into feed_mark (feed, sha256, rows, watermark, control_total_minor, as_of, loaded_at)
values (%(feed)s, %(sha256)s, %(rows)s, %(watermark)s, %(control_total_minor)s, %(as_of)s, duly_clock())
on conflict (feed) do update set
    sha256 = excluded.sha256, rows = excluded.rows, watermark = excluded.watermark,
    control_total_minor = excluded.control_total_minor, as_of = excluded.as_of, loaded_at = excluded.loaded_at;

-- name: quarantine
-- Keep the rows that were not loaded, sealed, with place and reason.
insert into quarantine (at, manifest, day, feed, file, line, field, code, row_name, sealed, cells)
select
    duly_clock(), %(manifest)s::text, %(day)s::date, w.feed, w.file, w.line, w.field, w.code, w.row_name, w.sealed, w.cells
from unnest(
    %(feeds)s::text[], %(files)s::text[], %(lines)s::bigint[], %(fields)s::text[], %(codes)s::text[], %(rows)s::text[],
    %(sealed)s::bytea[], %(cells)s::bytea[]
) as w (feed, file, line, field, code, row_name, sealed, cells);

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

-- name: forget_quarantined
-- The same snapshot is loaded again: what is left out of it is told anew.
delete from quarantine q where q.manifest = %(manifest)s;

-- name: quarantined
-- What was left out of the load in force, and of the history that came with it, each finding once.
with load as (
    select m.base, b.loaded_at from manifest m join manifest b on b.digest = m.base order by m.number desc limit 1
)
select distinct on (q.feed, q.file, q.line, q.field, q.code)
    q.id, q.at, q.feed, q.file, q.line, q.field, q.code, q.day, q.row_name, q.sealed, q.cells, m.by, m.at as mended_at
from load l
join quarantine q on q.manifest = l.base or (q.manifest is null and q.at >= l.loaded_at)
left join vault.mended_row m on m.row_name = q.row_name
order by q.feed, q.file, q.line, q.field, q.code, q.id desc;

-- name: mended_rows
-- Every row that was mended, with the last place where it was found wanting.
select m.row_name, m.feed, m.day, m.by, m.at, m.sealed, w.file, w.line
from vault.mended_row m
left join lateral (
    select q.file, q.line from quarantine q where q.row_name = m.row_name order by q.id desc limit 1
) as w on true
order by m.at, m.row_name;

-- name: mend_rows
-- Keep what stands in the place of these rows; what was kept of one before is replaced.
insert into vault.mended_row (row_name, feed, day, sealed, by, at)
select w.row_name, w.feed, %(day)s, w.sealed, %(by)s, duly_clock()
from unnest(%(rows)s::text[], %(feeds)s::text[], %(sealed)s::bytea[]) as w (row_name, feed, sealed)
on conflict (row_name) do update set
    feed = excluded.feed, day = excluded.day, sealed = excluded.sealed, by = excluded.by, at = excluded.at;

-- name: cut_feeds
-- Note the feeds that came cut short.
insert into feed_cut (feed, code, at, by)
select w.feed, w.code, duly_clock(), %(by)s from unnest(%(feeds)s::text[], %(codes)s::text[]) as w (feed, code)
on conflict (feed) do update set code = excluded.code, at = excluded.at, by = excluded.by;

-- name: feeds_whole
-- Every feed came whole: none is cut short any more.
delete from feed_cut;

-- name: record_consequences
-- What followed from a load for the accounts of which it says something else.
insert into load_consequence (manifest, number, account, kind, facts)
select %(manifest)s, w.number, w.account, w.kind, w.facts::jsonb
from unnest(%(numbers)s::int[], %(accounts)s::text[], %(kinds)s::text[], %(facts)s::text[])
    as w (number, account, kind, facts)
on conflict do nothing;

-- name: notices_told
-- What the notices said that left about these accounts since a day, and are not known to have been refused.
select m.person, m.notice, m.stage, m.channel, m.accounts, m.fields, p.at
from message m
join permit p on p.day = m.day and p.key = m.key and p.version = m.version
where m.accounts && %(accounts)s::text[] and p.at >= %(since)s
    and not exists (
        select 1 from answer a
        where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.outcome in ('refused', 'returned')
    )
order by p.at, m.key;

-- name: cases_open
-- The open episodes of these accounts.
select f.account, f."case", f.opened_on from case_file f
where f.account = any(%(accounts)s::text[]) and f.state = 'open' order by f.account, f."case";

-- name: events_of_accounts
-- What became known of these accounts after a snapshot.
select e.seq, e.at, e.kind, e.person, e.account, e.point, e.amount_minor, e.on_date, e.detail, e.ref
from book_event e where e.account = any(%(accounts)s::text[]) and e.seq > %(after)s order by e.seq;
