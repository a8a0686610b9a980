/** Which vCPU a line is of: the line says it, or its thread said it in another line. */
import type { TraceLine } from './read';

/** Learns the thread of each vCPU from the lines that are passed to it, in order. */
export class VcpuThreads {
  private readonly threads = new Map<string | number, number>();

  /** The vCPU of a line; nothing when neither the line nor its thread names one. */
  of({ prefix, meaning }: TraceLine): number | undefined {
    const task = prefix?.task;
    const named = meaning?.vcpu ?? vcpuOfName(task);
    // Threads of one program may share a name. The number in a trace of QEMU, which names no thread, may be its process.
    const thread = task === undefined ? undefined : (prefix?.pid ?? task);
    if (named === undefined) return thread === undefined ? undefined : this.threads.get(thread);
    if (thread !== undefined) this.threads.set(thread, named);
    return named;
  }
}

/** QEMU calls the threads of vCPUs `CPU 0/KVM`. */
function vcpuOfName(task: string | undefined): number | undefined {
  const name = task === undefined ? undefined : /^CPU (\d{1,4})\/KVM$/.exec(task);
  return name ? Number(name[1]) : undefined;
}
