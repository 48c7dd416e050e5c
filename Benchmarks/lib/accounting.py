"""CPU time and memory of a process and everything it started, read from /proc."""

import os
import resource
import time
from pathlib import Path

TICK = 1.0 / os.sysconf("SC_CLK_TCK")


def family(pid):
    """The process and its living descendants, parents first."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop(0)
        tasks = Path(f"/proc/{current}/task")
        try:
            threads = list(tasks.iterdir())
        except OSError:
            continue
        found.append(current)
        for thread in threads:
            try:
                queue += [int(child) for child in (thread / "children").read_text().split()]
            except OSError:
                pass
    return found


def started(pid):
    """When a process started, in ticks since boot; None when there is none. With the number, it names a process."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return None


class CPU:
    """A reading of the CPU time used so far.

    `/proc/PID/task/TID/schedstat` counts nanoseconds, but forgets a thread that has ended; utime and stime in
    `/proc/PID/stat` keep it, in steps of 10 ms. So both are read, and the precise one is used as long as no thread
    went away in between.
    """

    def __init__(self, pid):
        self.threads, self.processes = {}, {}
        for process in family(pid):
            try:
                fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
                self.processes[process] = (int(fields[11]) + int(fields[12])) * TICK
                for thread in Path(f"/proc/{process}/task").iterdir():
                    nanoseconds = int((thread / "schedstat").read_text().split()[0])
                    self.threads[int(thread.name)] = nanoseconds / 1e9
            except (OSError, IndexError, ValueError):
                pass

    def since(self, earlier):
        """Seconds of CPU from the earlier reading to this one."""
        if self.threads and set(earlier.threads) <= set(self.threads):
            return sum(self.threads.values()) - sum(earlier.threads.values())
        return sum(self.processes.values()) - sum(earlier.processes.values())


def memory(pid):
    """Resident KiB of the family: `rss` counts shared pages in each process, `pss` shares them out."""
    total = {"rss_kib": 0, "pss_kib": 0}
    for process in family(pid):
        try:
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in ("Rss", "Pss"):
                    total[f"{name.lower()}_kib"] += int(rest.split()[0])
        except (OSError, IndexError, ValueError):
            pass
    return total


def machine_time():
    """Seconds for which the cores of the machine were not idle, for whomever, the hypervisor's other guests too."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _, _, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) * TICK


class Watch:
    """Counts a gateway's CPU time over a stretch of time, and what unrelated programs took of the machine meanwhile.

    Those share caches, memory and often the physical core with the gateway, so its own figure grows with them.
    """

    def __init__(self, gateway_pid, origin_pid):
        self.pids = gateway_pid, origin_pid
        self.began, self.machine, self.children = time.monotonic(), machine_time(), children_time()
        self.before = [CPU(pid) for pid in self.pids]

    def stop(self):
        """The gateway's CPU seconds, the part of one core that this is, and the cores that others kept busy."""
        gateway, origin = (CPU(pid).since(before) for pid, before in zip(self.pids, self.before))
        elapsed = time.monotonic() - self.began
        ours = gateway + origin + children_time() - self.children
        others = max(0.0, machine_time() - self.machine - ours)
        return gateway, {"busy": gateway / elapsed, "others": others / elapsed}


def children_time():
    """CPU seconds of this script and of the load generators that it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
