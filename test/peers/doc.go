// Package peers runs the stand-ins of test/stack against software that nobody
// of this project wrote: other people's clients call our servers, and other
// people's servers answer the same calls as ours do. What two parties agree on
// that do not know each other is more than our own reading of a manual.
//
// The tests need the build tag peers and are run by make test-peers. A peer
// that is not installed is left out with the reason; docs/peers.md keeps a
// dated run.
//
// # How it is put together
//
// A testCase is a sequence of calls and expectations that knows neither client
// nor server (cases_*_test.go). A caller makes the calls: the unmodified AWS
// SDK for Go by reflection, boto3 and the AWS SDK for JavaScript through small
// drivers (python/driver.py, node/driver.mjs), the aws command line as a
// process a call. A server is an address with what it can do. A case that a
// peer answers otherwise than AWS documents is listed in differences with the
// reason; it must go on failing, so that the list stays true.
package peers
