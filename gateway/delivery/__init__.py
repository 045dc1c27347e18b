"""From a due delivery to an attempt and its record. Decisions are pure; `dispatcher` obeys them."""
