-- What a customer has in its favour: it pays invoices, oldest credit first, until nothing of it remains.
CREATE TABLE credits (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    -- The only subscription whose invoices it pays; all of the customer's where there is none.
    subscription_id BLOB,
    handle TEXT NOT NULL CHECK (handle <> ''),
    text TEXT NOT NULL CHECK (text <> ''),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount > 0),
    remaining INTEGER NOT NULL,
    valid_from TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'TRANSFERRED', 'CANCELLED')),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, handle),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    CONSTRAINT what_remains_is_part_of_it CHECK (remaining BETWEEN 0 AND amount),
    CONSTRAINT used_up_means_nothing_remains CHECK ((state = 'TRANSFERRED') = (remaining = 0))
) STRICT;

CREATE INDEX credits_customer ON credits (tenant_id, customer_id, id);
CREATE INDEX credits_subscription ON credits (tenant_id, subscription_id, id);
CREATE INDEX credits_currency ON credits (tenant_id, currency, id);
CREATE INDEX credits_state ON credits (tenant_id, state, id);
-- What a customer has left.
CREATE INDEX credits_customer_state ON credits (tenant_id, customer_id, state, id);
CREATE INDEX credits_valid_from ON credits (tenant_id, valid_from, id);
CREATE INDEX credits_created_at ON credits (tenant_id, created_at, id);

-- What was taken of a credit for an invoice. It went back where the invoice was withdrawn.
CREATE TABLE credit_applications (
    tenant_id BLOB NOT NULL,
    credit_id BLOB NOT NULL,
    invoice_id BLOB NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount > 0),
    created_at TEXT NOT NULL,
    returned_at TEXT,
    PRIMARY KEY (tenant_id, credit_id, invoice_id),
    FOREIGN KEY (tenant_id, credit_id) REFERENCES credits (tenant_id, id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id)
) STRICT;

CREATE INDEX credit_applications_invoice ON credit_applications (tenant_id, invoice_id);

-- What was taken back of an invoice after it was issued.
CREATE TABLE credit_notes (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    number TEXT NOT NULL CHECK (number <> ''),
    invoice_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    disposition TEXT NOT NULL CHECK (disposition IN ('ADJUSTMENT', 'CREDIT')),
    reason TEXT NOT NULL CHECK (reason <> ''),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount > 0),
    net_amount INTEGER NOT NULL,
    tax_amount INTEGER NOT NULL,
    -- The credit that the customer got for it.
    credit_id BLOB,
    issue_date TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    UNIQUE (tenant_id, credit_id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, credit_id) REFERENCES credits (tenant_id, id),
    CONSTRAINT a_note_adds_up CHECK (net_amount + tax_amount = amount),
    CONSTRAINT a_note_gives_the_credit_it_says CHECK ((disposition = 'CREDIT') = (credit_id IS NOT NULL))
) STRICT;

CREATE INDEX credit_notes_invoice ON credit_notes (tenant_id, invoice_id, id);
CREATE INDEX credit_notes_customer ON credit_notes (tenant_id, customer_id, id);
CREATE INDEX credit_notes_disposition ON credit_notes (tenant_id, disposition, id);
CREATE INDEX credit_notes_currency ON credit_notes (tenant_id, currency, id);
CREATE INDEX credit_notes_issue_date ON credit_notes (tenant_id, issue_date, id);
CREATE INDEX credit_notes_created_at ON credit_notes (tenant_id, created_at, id);

-- Which lines of the invoice a note takes back, and how much of each.
CREATE TABLE credit_note_lines (
    tenant_id BLOB NOT NULL,
    credit_note_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    description TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (tenant_id, credit_note_id, position),
    FOREIGN KEY (tenant_id, credit_note_id) REFERENCES credit_notes (tenant_id, id)
) STRICT;
