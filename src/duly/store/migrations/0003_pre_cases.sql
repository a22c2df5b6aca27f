-- Episodes and stages. The transition tables are the tables of model/case.py; a test holds them equal.

create table case_transition (
    from_state text not null,
    event text not null,
    to_state text not null,
    primary key (from_state, event, to_state)
);
insert into case_transition (from_state, event, to_state) values
    ('none', 'first_unpaid', 'open'),
    ('open', 'cure', 'cured'),
    ('cured', 'reversal', 'open'),
    ('open', 'account_closed', 'closed');

create table stage_transition (
    from_state text not null,
    event text not null,
    to_state text not null,
    primary key (from_state, event, to_state)
);
insert into stage_transition (from_state, event, to_state) values
    ('waiting', 'reached', 'open'),
    ('open', 'service', 'served'),
    ('served', 'retracted', 'open'),
    ('served', 'deadline_passed', 'closed'),
    ('open', 'unserved', 'closed_unserved'),
    ('open', 'due_date', 'lapsed'),
    ('served', 'due_date', 'lapsed'),
    ('open', 'cure', 'lapsed'),
    ('served', 'cure', 'lapsed'),
    ('lapsed', 'reached', 'open');

create table case_file (
    "case" text primary key,
    account text not null,
    opened_on date not null,
    state text not null default 'none',
    strategy_digest text not null,
    pseudonym bytea not null unique check (octet_length(pseudonym) = 16),
    chain_seq bigint not null default 0,
    chain_head bytea
);
create index case_file_by_account on case_file (account);
comment on column case_file.pseudonym is 'The name of the case in the public log: random, so that it cannot be guessed.';
comment on column case_file.chain_seq is 'How many evidence entries speak of this case; chain_head is the leaf hash of the last.';

create table case_event (
    "case" text not null references case_file ("case"),
    n bigint generated always as identity primary key,
    event text not null,
    from_state text not null,
    to_state text not null,
    on_day date not null,
    plan bigint not null,
    foreign key (from_state, event, to_state) references case_transition (from_state, event, to_state)
);
create index case_event_by_case on case_event ("case", n);

create function move_case() returns trigger
language plpgsql
as $$
begin
    update case_file set state = new.to_state where "case" = new."case" and state = new.from_state;
    if not found then
        raise exception 'a case is not in the state it is moved from';
    end if;
    return new;
end
$$;
create trigger case_moves before insert on case_event for each row execute function move_case();
create trigger case_event_is_append_only before update or delete on case_event
    for each row execute function refuse_change();

create table stage_file (
    person text not null,
    "case" text not null references case_file ("case"),
    stage text not null,
    state text not null default 'waiting',
    opened_on date,
    served_on date,
    closed_on date,
    primary key (person, "case", stage)
);
create index stage_file_by_case on stage_file ("case");

create table stage_event (
    n bigint generated always as identity primary key,
    person text not null,
    "case" text not null,
    stage text not null,
    event text not null,
    from_state text not null,
    to_state text not null,
    on_day date not null,
    why text not null,
    plan bigint not null,
    foreign key (from_state, event, to_state) references stage_transition (from_state, event, to_state)
);
create index stage_event_by_case on stage_event ("case", person, n);

create function move_stage() returns trigger
language plpgsql
as $$
begin
    insert into stage_file (person, "case", stage) values (new.person, new."case", new.stage)
        on conflict do nothing;
    update stage_file set
        state = new.to_state,
        opened_on = case when new.event = 'reached' then new.on_day else opened_on end,
        served_on = case
            when new.event = 'service' then new.on_day
            when new.event in ('retracted', 'reached') then null
            else served_on
        end,
        closed_on = case
            when new.to_state in ('closed', 'closed_unserved', 'lapsed') then new.on_day
            else null
        end
    where person = new.person and "case" = new."case" and stage = new.stage and state = new.from_state;
    if not found then
        raise exception 'a stage is not in the state it is moved from';
    end if;
    return new;
end
$$;
create trigger stage_moves before insert on stage_event for each row execute function move_stage();
create trigger stage_event_is_append_only before update or delete on stage_event
    for each row execute function refuse_change();

create table arm (
    person text not null,
    experiment text not null,
    arm text not null,
    since date not null,
    primary key (person, experiment)
);
create trigger arm_is_append_only before update or delete on arm
    for each row execute function refuse_change();
comment on table arm is 'The arm a person was drawn into, for ever.';
