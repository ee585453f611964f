package telemetry

import "firebreak/internal/telemetry/logline"

// Level is how severe a log line says it is; empty when it does not say.
type Level = logline.Level

// Levels, as the common loggers name them.
const (
	LevelDebug = logline.Debug
	LevelInfo  = logline.Info
	LevelWarn  = logline.Warn
	LevelError = logline.Error
	LevelFatal = logline.Fatal
)
