package hypothesis

import (
	"strings"
)

// topic is something that both evidence and a runbook's words can be about.
type topic string

const (
	errors        topic = "errors"
	latency       topic = "latency"
	saturation    topic = "saturation"
	growth        topic = "growth"
	health        topic = "health"
	traffic       topic = "traffic"
	crash         topic = "crash"
	change        topic = "change"
	deployment    topic = "deployment"
	configuration topic = "configuration"
	scaling       topic = "scaling"
	memory        topic = "memory"
	cpu           topic = "cpu"
	disk          topic = "disk"
	pool          topic = "pool"
	dependency    topic = "dependency"
	certificate   topic = "certificate"
	access        topic = "access"
	alarm         topic = "alarm" // something is wrong, not what
)

// vocabulary lists the beginnings of words that mean a topic. It is the language
// of operations, not of any system.
var vocabulary = map[topic]string{
	errors:        "error exception fail fault 5xx 500 502 503 504 panic fatal broken invalid",
	latency:       "latenc slow timeout delay deadline lag sluggish",
	saturation:    "saturat overload exhaust capacity utili",
	growth:        "grow climb leak creep accumulat",
	health:        "unhealth unrespons hang hung stuck deadlock frozen freez",
	traffic:       "traffic surge flood burst demand",
	crash:         "crash segfault sigkill sigsegv abort oom killed",
	change:        "chang",
	deployment:    "deploy release rollout rollback upgrade version",
	configuration: "config reload setting flag",
	scaling:       "scal",
	memory:        "memor heap rss swap garbage",
	cpu:           "cpu throttl",
	disk:          "disk volume inode enospc filesystem",
	pool:          "pool connection thread descriptor queue backlog semaphore",
	dependency:    "dependenc upstream downstream refus unreachable unavailable econnrefused dns",
	certificate:   "certificat tls x509 expir handshake",
	access:        "denied unauthor forbidden permission credential",
}

var beginnings = func() map[string]topic {
	m := map[string]topic{}
	for t, words := range vocabulary {
		for w := range strings.FieldsSeq(words) {
			m[w] = t
		}
	}
	return m
}()

// topicOf is the topic of a word by its longest known beginning.
func topicOf(word string) (topic, bool) {
	for n := len(word); n >= 3; n-- {
		if t, ok := beginnings[word[:n]]; ok {
			return t, true
		}
	}
	return "", false
}

// fillers carry no meaning of their own in what a runbook says that it fixes.
var fillers = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq("a an and after again are as at be because been before began begin begins by do does due during each every for far from get gets had has have high if in into is it its just " +
		"keeps long longer low more most much of off on one only or out over run runs right since so some soon steadily suddenly than that the their them then there they this to too under until up was were when while which with " +
		"answer answers answering process processes service services instance instances unit request requests help did") {
		m[w] = true
	}
	return m
}()

// negations turn the topics that follow them, up to the next comma, around.
var negations = map[string]bool{"no": true, "not": true, "without": true, "never": true}
