-- Who writes what. Names of constraints are read by refusal.ts.

CREATE TABLE authors (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  biography text NOT NULL DEFAULT '',
  CONSTRAINT authors_name_key UNIQUE (name)
);

CREATE TABLE series (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  author_id integer NOT NULL,
  title text NOT NULL,
  premise text NOT NULL DEFAULT '',
  planned_books integer NOT NULL CHECK (planned_books > 0),
  CONSTRAINT series_author_id_fkey FOREIGN KEY (author_id) REFERENCES authors (id),
  CONSTRAINT series_author_id_title_key UNIQUE (author_id, title)
);

CREATE TABLE books (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  author_id integer NOT NULL,
  series_id integer,
  -- Which book of the series it is.
  position integer CHECK (position > 0),
  title text NOT NULL,
  status text NOT NULL DEFAULT 'planned'
    CHECK (status IN ('planned', 'drafting', 'revising', 'finished')),
  target_words integer NOT NULL CHECK (target_words > 0),
  CONSTRAINT books_author_id_fkey FOREIGN KEY (author_id) REFERENCES authors (id),
  CONSTRAINT books_series_id_fkey FOREIGN KEY (series_id) REFERENCES series (id),
  CONSTRAINT books_series_id_position_key UNIQUE (series_id, position),
  CONSTRAINT books_position_in_series CHECK ((series_id IS NULL) = (position IS NULL))
);

CREATE INDEX books_author_id ON books (author_id);
