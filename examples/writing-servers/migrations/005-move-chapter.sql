-- Gives a chapter another number; those between move up or down by one.
--
-- Two that move chapters of the same book at the same time go one after the other, until their
-- transactions end. The second statement of a volatile function sees what was committed while the
-- first one waited; one statement alone would count from numbers that are no longer true.
--
-- Returns how many chapters got another number; null: there is no such chapter.

CREATE FUNCTION move_chapter(chapter integer, wanted integer) RETURNS integer
LANGUAGE sql VOLATILE AS $$
  SELECT FROM books WHERE id = (SELECT book_id FROM chapters WHERE id = chapter) FOR NO KEY UPDATE;
  WITH moving AS (SELECT id, book_id, number AS old FROM chapters WHERE id = chapter),
  renumbered AS (
    UPDATE chapters c SET number = CASE
      WHEN c.id = m.id THEN wanted
      WHEN m.old < wanted THEN c.number - 1
      ELSE c.number + 1
    END
    FROM moving m
    WHERE c.book_id = m.book_id AND m.old <> wanted
      AND c.number BETWEEN least(m.old, wanted) AND greatest(m.old, wanted)
    RETURNING c.id
  )
  SELECT (SELECT count(*)::integer FROM renumbered) FROM moving;
$$;
