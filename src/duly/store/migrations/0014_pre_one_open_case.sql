-- duly: no transaction
-- An account is in one episode of arrears at a time.

create unique index concurrently if not exists case_file_one_open on case_file (account) where state = 'open';
