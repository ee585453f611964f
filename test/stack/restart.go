package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"firebreak/test/stack/temporal"
)

// RestartTemporal stops the Temporal server, calls down, and starts the server
// again on the same folder and the same address; its UI may get another one.
// Workers and clients that are connected stay as they are.
func (s *Stack) RestartTemporal(ctx context.Context, down func()) error {
	old := s.Temporal
	address := old.Address()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("restart the Temporal server: %w", err)
	}
	frontend, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("restart the Temporal server: %w", err)
	}
	if err := old.Stop(); err != nil {
		return err
	}
	down()
	again, err := temporal.Start(ctx, s.temporalOptions(frontend))
	if err != nil {
		return fmt.Errorf("start the Temporal server again: %w", err)
	}
	s.Temporal = again
	if again.Address() != address {
		return errors.New("restart the Temporal server: something else has taken " + address)
	}
	return nil
}

// Calls counts how often an operation of an AWS service reached its stand-in,
// such as "ssm" and "StopAutomationExecution".
func (s *Stack) Calls(service, operation string) int { return s.aws.Count(service, operation) }
