#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole life of a container through libvert, by ctypes alone.

    contrib/python/example.py BUNDLE [--root DIR] [--id ID] [--library FILE]

Creates the container of BUNDLE, starts it, runs one more process in it, kills and deletes it, and prints what is
known of it on the way.  The classes show how to use libvert from a language without its header.
"""
import argparse
import ctypes
import json
import signal
import sys
import time


class Options(ctypes.Structure):
    """struct vert_options: the names and types of vert.h, in their order."""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("root", ctypes.c_char_p),
        ("cgroup_manager", ctypes.c_int),
        ("rootless", ctypes.c_int),
        ("systemd_timeout", ctypes.c_uint),
        ("log", ctypes.c_char_p),
        ("log_json", ctypes.c_int),
        ("log_level", ctypes.c_int),
    ]


class Create(ctypes.Structure):
    """struct vert_create"""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("bundle", ctypes.c_char_p),
        ("config", ctypes.c_char_p),
        ("console_socket", ctypes.c_char_p),
        ("pid_file", ctypes.c_char_p),
        ("pidfd_socket", ctypes.c_char_p),
        ("stdio", ctypes.POINTER(ctypes.c_int)),
        ("fds", ctypes.POINTER(ctypes.c_int)),
        ("n_fds", ctypes.c_size_t),
        ("flags", ctypes.c_uint),
    ]


class Exec(ctypes.Structure):
    """struct vert_exec"""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("process", ctypes.c_char_p),
        ("cgroup", ctypes.c_char_p),
        ("console_socket", ctypes.c_char_p),
        ("pid_file", ctypes.c_char_p),
        ("pidfd_socket", ctypes.c_char_p),
        ("stdio", ctypes.POINTER(ctypes.c_int)),
        ("fds", ctypes.POINTER(ctypes.c_int)),
        ("n_fds", ctypes.c_size_t),
        ("flags", ctypes.c_uint),
    ]


ALL, FORCE = 1 << 4, 1 << 5


class VertError(Exception):
    """What vert_error_message() and its kin tell."""

    def __init__(self, lib, why):
        tell = {}
        for name in ("message", "code", "place", "step", "hint"):
            function = getattr(lib, "vert_error_" + name)
            function.restype = ctypes.c_char_p
            tell[name] = function(why).decode(errors="replace")
        super().__init__(tell["message"])
        self.code, self.place, self.step, self.hint = (tell[k] for k in ("code", "place", "step", "hint"))
        self.errno = lib.vert_error_errno(why)
        lib.vert_error_free(why)


class Vert:
    """A state root."""

    def __init__(self, root=None, library="libvert.so.0"):
        self._lib = ctypes.CDLL(library)
        self._handle = ctypes.c_void_p()
        options = Options(size=ctypes.sizeof(Options), root=root.encode() if root else None)
        why = ctypes.c_void_p()
        if self._lib.vert_open(ctypes.byref(options), ctypes.byref(self._handle), ctypes.byref(why)) < 0:
            raise VertError(self._lib, why)

    def close(self):
        self._lib.vert_close(self._handle)
        self._handle = None

    def _call(self, name, *args):
        why = ctypes.c_void_p()
        if getattr(self._lib, name)(self._handle, *args, ctypes.byref(why)) < 0:
            raise VertError(self._lib, why)

    def _text(self, name, *args):
        text = ctypes.c_void_p()
        self._call(name, *args, ctypes.byref(text))
        value = json.loads(ctypes.string_at(text))
        self._lib.vert_free(text)
        return value

    def create(self, name, bundle, **how):
        how = {k: v.encode() if isinstance(v, str) else v for k, v in how.items()}
        request = Create(size=ctypes.sizeof(Create), bundle=bundle.encode(), **how)
        self._call("vert_create", name.encode(), ctypes.byref(request))

    def start(self, name):
        self._call("vert_start", name.encode())

    def kill(self, name, sig=signal.SIGTERM, flags=0):
        self._call("vert_kill", name.encode(), int(sig), ctypes.c_uint(flags))

    def delete(self, name, flags=0):
        self._call("vert_delete", name.encode(), ctypes.c_uint(flags))

    def exec(self, name, process):
        """Runs PROCESS, a dictionary like config.json's, and returns its exit status."""
        request = Exec(size=ctypes.sizeof(Exec), process=json.dumps(process).encode())
        status = ctypes.c_int()
        self._call("vert_exec", name.encode(), ctypes.byref(request), ctypes.byref(status))
        return status.value

    def state(self, name):
        return self._text("vert_state", name.encode())

    def list(self):
        return self._text("vert_list")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle")
    parser.add_argument("--root")
    parser.add_argument("--id", default="example")
    parser.add_argument("--library", default="libvert.so.0")
    args = parser.parse_args()
    vert = Vert(args.root, args.library)
    try:
        vert.create(args.id, args.bundle)
        try:
            print("after create:", vert.state(args.id)["status"])
            vert.start(args.id)
            print("after start:", vert.state(args.id)["status"])
            status = vert.exec(args.id, {"cwd": "/", "args": ["/bin/sh", "-c", "exit 7"], "env": ["PATH=/bin"]})
            print("exec ended with", status)
            vert.kill(args.id, signal.SIGKILL)
            while vert.state(args.id)["status"] != "stopped":
                time.sleep(0.02)
            print("after kill:", vert.state(args.id)["status"])
            vert.delete(args.id)
        except BaseException:
            vert.delete(args.id, FORCE)
            raise
        print("left:", [c["id"] for c in vert.list()])
        try:
            vert.state(args.id)
        except VertError as e:
            print("after delete:", e.code)
    except VertError as e:
        sys.exit(f"{e}" + (f" ({e.place})" if e.place else ""))
    finally:
        vert.close()


if __name__ == "__main__":
    main()
