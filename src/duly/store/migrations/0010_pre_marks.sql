-- By what a load knows that a sealed row says already what it would say again.

alter table vault.person add column mark bytea;
comment on column vault.person.mark is 'A keyed digest of the payload together with its sealed form, under a key that is not in the database; null where none was made.';
alter table vault.contact add column mark bytea;
comment on column vault.contact.mark is 'A keyed digest of the value, of what stands beside it and of its sealed form, under a key that is not in the database; null where none was made.';
