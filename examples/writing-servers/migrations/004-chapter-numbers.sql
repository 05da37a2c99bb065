-- The number of a new chapter: the wanted one, or without it the next of the book.
--
-- Those who ask for the same book at the same time go one after the other, until their transactions
-- end. Each statement of a volatile function sees what was committed before it began; in one
-- statement alone, whoever had to wait would count as if nobody had come before.

CREATE FUNCTION chapter_number(book integer, wanted integer) RETURNS integer
LANGUAGE sql VOLATILE AS $$
  SELECT FROM books WHERE id = book FOR NO KEY UPDATE;
  SELECT coalesce(wanted, (SELECT coalesce(max(number), 0) + 1 FROM chapters WHERE book_id = book));
$$;
