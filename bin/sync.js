#!/usr/bin/env node
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

// A run makes millions of values that live for a moment. Node begins with a nursery of 2 MiB and lets it grow to 32 MiB, from version 24 on to
// 128 MiB. One of 8 MiB is collected a quarter as often as one of 2 MiB, with less that lives on, and memory stays flat. It grows once enough
// has survived in it, so something is kept until then.
const nurseryMiB = () => (getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? 0) / 2 ** 20;
setFlagsFromString("--semi-space-growth-factor=4");
for (const kept = []; kept.length < 16 && nurseryMiB() < 8; ) kept.push(Array.from({ length: 10_000 }, (_, index) => [index]));
setFlagsFromString("--semi-space-growth-factor=1");
await import("../dist/cli/main.js");
