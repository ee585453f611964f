package stack

import "strings"

// Unstream keeps the metrics of services off the stream until the returned
// function is called: their team does not share them live, as a transform behind
// Firehose may see to. CloudWatch still has them, and its alarms go on.
func (s *Stack) Unstream(services ...string) (restore func()) {
	for _, service := range services {
		s.unstreamed.Store(service, true)
	}
	return func() {
		for _, service := range services {
			s.unstreamed.Delete(service)
		}
	}
}

// putMetrics is the transform behind Firehose: it puts a series' lines on the
// stream. The partition key names the series.
func (s *Stack) putMetrics(key string, data []byte) error {
	kept := false
	s.unstreamed.Range(func(service, _ any) bool {
		kept = strings.Contains(key, "service="+service.(string)+"}")
		return !kept
	})
	if kept {
		return nil
	}
	return s.Kinesis.PutRecord(Stream, key, data)
}
