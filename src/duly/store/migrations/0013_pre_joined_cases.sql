-- A case may turn out to belong to an older one, and to part from it again.

insert into case_transition (from_state, event, to_state) values
    ('open', 'join', 'joined'),
    ('joined', 'part', 'open');
