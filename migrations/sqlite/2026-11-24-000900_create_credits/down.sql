DROP TABLE credit_note_lines;
DROP TABLE credit_notes;
DROP TABLE credit_applications;
DROP TABLE credits;
