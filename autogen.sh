#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure and Makefile.in from configure.ac and Makefile.am; run it once after a clone
# and after a change to either of them.
set -e
cd "$(dirname "$0")"

if ! command -v autoreconf >/dev/null || ! command -v automake >/dev/null; then
	echo "autogen.sh: install the autotools: apt install autoconf automake" >&2
	exit 1
fi
exec autoreconf --install --force
