"""The core: what is watched, how it is known, what is told. No SQL, no Telegram, no clock.

The stages, in the order in which an item passes them:

    fetch 1       an address -> status, headers, bytes  (the only I/O: httpx, `transport`)
    parse 2       bytes -> entries, as the feed gave them       (in a worker process)
    normalise 3   an entry -> an article: canonical URL, plain text, UTC time
    match 4       an article -> whom it names, whether it is relevant, with reasons
    dedupe 5      an article -> the one it copies, if it copies one
    cluster 6     an article -> its story
    digest 7      untold articles -> what one channel is told

Matching in its steps: `owntext` (with `headings`, `teasers`) blanks furniture, `folding` makes
spellings equal, `scan` looks for everything at once, `spelling` for names nearly so, `naming` says
who is named, `relevance` what it is about, `queries` whether an admins' topic holds. `watchlist`
is what all go by: the shipped one with the admins' rows over it (`overlay`), changed by `amend`,
tried by `rehearsal`.

`feed_watcher` runs 1 to 4 for one feed and hands one PollResult to the store, with the pages of
suspicious articles (`pages`, `extract`, `fulltext`) and the time of the next poll (`polling`);
`settler` runs 5 and 6 over what polls stored. `outage` judges whose fault a failure is,
`coverage` what may have been missed; `registry` and `discovery` add and change what is watched
and told. Nouns: `model`, `changes`, `telling`, `errors`. What storage must do: `ports`.
"""
