-- name: keep_facts
-- What the amounts of messages were reckoned from; the same facts are kept once.
insert into vault.account_facts (person, sha256, day, sealed)
select kept.person, kept.sha256, %(day)s, kept.sealed
from unnest(%(persons)s::text[], %(digests)s::bytea[], %(sealed)s::bytea[]) as kept (person, sha256, sealed)
on conflict do nothing;

-- name: facts_of
-- What some amounts were reckoned from, as it was kept for the persons told.
select f.person, f.sha256, f.day, f.sealed
from vault.account_facts f where f.sha256 = any(%(digests)s::bytea[]) order by f.day, f.person;
