// Package redaction measures what redaction lets through. It draws values that
// look like secrets and personal data (a recipe each, with valid check digits,
// by seed), reads a labelled corpus of lines in which they stand, scores a
// redactor on it, and finds planted values in whatever a run produced, however
// they were encoded on the way.
//
// Every value is drawn or made up: none opens anything or belongs to anybody.
package redaction
