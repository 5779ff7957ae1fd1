#!/bin/sh
# Answers ssh's question for a password or passphrase from the environment; ssh runs it as SSH_ASKPASS.
printf '%s\n' "$QUARTERDECK_TEST_ANSWER"
