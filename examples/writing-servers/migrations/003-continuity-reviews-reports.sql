-- What is said of a book.

CREATE TABLE continuity_facts (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book_id integer NOT NULL,
  -- Where it is established; a fact of the plan has none.
  chapter_id integer,
  -- Of whom or what, which trait, and how it is: "Mara", "eye colour", "grey".
  subject text NOT NULL,
  trait text NOT NULL,
  value text NOT NULL,
  CONSTRAINT continuity_facts_book_id_fkey FOREIGN KEY (book_id) REFERENCES books (id),
  CONSTRAINT continuity_facts_chapter_id_fkey FOREIGN KEY (chapter_id) REFERENCES chapters (id)
);

CREATE INDEX continuity_facts_book_id ON continuity_facts (book_id, subject, trait);
CREATE INDEX continuity_facts_chapter_id ON continuity_facts (chapter_id);

CREATE TABLE reviews (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book_id integer NOT NULL,
  reviewer text NOT NULL,
  rating integer NOT NULL CHECK (rating BETWEEN 1 AND 5),
  body text NOT NULL DEFAULT '',
  CONSTRAINT reviews_book_id_fkey FOREIGN KEY (book_id) REFERENCES books (id)
);

CREATE INDEX reviews_book_id ON reviews (book_id);

-- A book's figures as they were once.
CREATE TABLE reports (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book_id integer NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  chapters integer NOT NULL,
  scenes integer NOT NULL,
  words integer NOT NULL,
  target_words integer NOT NULL,
  CONSTRAINT reports_book_id_fkey FOREIGN KEY (book_id) REFERENCES books (id)
);

CREATE INDEX reports_book_id ON reports (book_id);
