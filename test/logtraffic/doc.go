// Package logtraffic writes the logs of a small fleet of services over any
// number of days, the same for the same seed, for tests of what watches logs.
//
// Five services in four formats (JSON, logfmt, Java's and Python's plain lines)
// write 10 to 30 kinds of lines each, from one a second down to one in three
// days, about 270,000 lines a day in all. What is normal in it:
//
//   - traffic has seasons of day and week, differs from day to day, and drifts
//     within minutes; timers do not follow it;
//   - durations have heavy tails, and one in 2,000 is far out;
//   - hosts come and go with the traffic, with their start-up lines and streams;
//   - a job runs every night, another one on Sundays only;
//   - clients' mistakes and lost connections come in spells of some minutes, a
//     few times a day, several times as often as else;
//   - errors occur, some with stack traces; a few kinds only once in some days,
//     and so some are read for the first time after weeks;
//   - releases, one or two on a working day for most services: hosts restart one after
//     the other, callers see connections reset, versions change, a few kinds of
//     lines are new and no trouble, some change their words, old ones go. Most are
//     announced by an event, those of the ledger are not.
//
// Day puts trouble on top: what an engineer who looks at a graph of it would
// get up for. Each says what it is, from when to when it lasts, when it is
// visible at the earliest, and which rules may have found it.
package logtraffic
