#!/usr/bin/env node
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

// A run makes millions of values that live for a moment. Node begins with a nursery of 2 MiB and lets it grow to 32 MiB, from version 24 on to
// 128 MiB. One of 16 MiB is collected an eighth as often as one of 2 MiB, with less that lives on. It grows once enough has survived in it, so
// something is kept until then.
const nurseryMiB = () => (getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? 0) / 2 ** 20;
setFlagsFromString("--semi-space-growth-factor=8");
for (const kept = []; kept.length < 16 && nurseryMiB() < 16; ) kept.push(Array.from({ length: 10_000 }, (_, index) => [index]));
setFlagsFromString("--semi-space-growth-factor=1");
// What lived on is let grow to four times of what is in use before it is collected; at half as much again memory stays flat, and time the same.
setFlagsFromString("--heap-growing-percent=50");
await import("../dist/cli/main.js");
