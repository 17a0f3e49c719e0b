"""A campaign is one document: read, checked, kept in versions, opened and closed.

document    what can stand in a document: one Struct for each section (`phases`, `goals`, `offer`, `reach`, `work`)
grammar     how those types are written: money as decimals, times as words, names that refer to something
reader      text -> document and every problem in it; `places` knows the lines, `times` the times, `problem` the sentences;
            what is well written and still wrong, the rules of `miaohui.preflight` say
edits       a change of the text by a program, value by value: comments and spacing stay
signatures  who must sign
setups      what the host is told about each play
writer      document -> text;  `schema` and `reference`: what editors and people look up, from the same types
lifecycle   states, verbs, and what the clock does: a table
store       documents in PostgreSQL;  `office`: the verbs, carried out;  `clockwork`: the loop that moves what is due
"""
