-- What is in a book.

CREATE TABLE chapters (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book_id integer NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  title text NOT NULL,
  summary text NOT NULL DEFAULT '',
  CONSTRAINT chapters_book_id_fkey FOREIGN KEY (book_id) REFERENCES books (id),
  -- Checked at the end of a statement: one that renumbers may pass through what is taken.
  CONSTRAINT chapters_book_id_number_key UNIQUE (book_id, number) DEFERRABLE INITIALLY IMMEDIATE
);

CREATE TABLE characters (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book_id integer NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('protagonist', 'antagonist', 'supporting', 'minor')),
  description text NOT NULL DEFAULT '',
  CONSTRAINT characters_book_id_fkey FOREIGN KEY (book_id) REFERENCES books (id),
  CONSTRAINT characters_book_id_name_key UNIQUE (book_id, name)
);

CREATE TABLE scenes (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chapter_id integer NOT NULL,
  viewpoint_character_id integer,
  number integer NOT NULL CHECK (number > 0),
  summary text NOT NULL,
  words integer NOT NULL DEFAULT 0 CHECK (words >= 0),
  CONSTRAINT scenes_chapter_id_fkey FOREIGN KEY (chapter_id) REFERENCES chapters (id),
  CONSTRAINT scenes_viewpoint_character_id_fkey
    FOREIGN KEY (viewpoint_character_id) REFERENCES characters (id),
  CONSTRAINT scenes_chapter_id_number_key UNIQUE (chapter_id, number)
);

CREATE INDEX scenes_viewpoint_character_id ON scenes (viewpoint_character_id);

-- Who is in a scene; gone with the scene.
CREATE TABLE scene_casts (
  scene_id integer NOT NULL,
  character_id integer NOT NULL,
  PRIMARY KEY (scene_id, character_id),
  CONSTRAINT scene_casts_scene_id_fkey
    FOREIGN KEY (scene_id) REFERENCES scenes (id) ON DELETE CASCADE,
  CONSTRAINT scene_casts_character_id_fkey FOREIGN KEY (character_id) REFERENCES characters (id)
);

CREATE INDEX scene_casts_character_id ON scene_casts (character_id);
