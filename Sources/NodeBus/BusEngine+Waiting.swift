internal import NodeProtocol

extension BusEngine {
    /// How long the driver may sleep when nothing arrives.
    package var idleMilliseconds: Int {
        if !isEstablished { return 10 }
        return calls.isEmpty && streams.isEmpty ? 100 : 20
    }

    /// A call that idempotent methods repeat within their deadline.
    @inline(__always)
    func callWithRetry(
        _ info: MethodInfo, payload: [UInt8], to dest: UInt64, ttlMilliseconds: UInt32, cause: Cause?
    ) async -> CallOutcome {
        if info.type >> 16 == 1 {
            return await callRouter(info, payload: payload, ttlMilliseconds: ttlMilliseconds)
        }
        if !info.isIdempotent {
            return await call(
                info, payload: payload, to: dest, ttlMilliseconds: ttlMilliseconds, cause: cause)
        }
        let deadline = now + UInt64(ttlMilliseconds)
        while true {
            let left = UInt32(clamping: deadline > now ? deadline - now : 1)
            let outcome = await call(info, payload: payload, to: dest, ttlMilliseconds: left, cause: cause)
            guard case .failure(let error) = outcome, error.code.allowsRetry, !isStopped else {
                return outcome
            }
            let pause = max(UInt64(error.retryAfterMilliseconds), 20)
            guard now + pause < deadline, !Task.isCancelled else { return outcome }
            await self.pause(pause)
        }
    }

    /// Waits by the driver's clock, not the machine's: a test turns it.
    func pause(_ milliseconds: UInt64) async {
        // Without a session no time passes here; those who wait in a loop still let others run.
        if isStopped { await Task.yield() }
        let deadline = now + milliseconds
        while now < deadline, !isStopped, !Task.isCancelled {
            await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    sleepers.append(Waiter(continuation: continuation, deadline: deadline))
                }
            } onCancel: {
                executor.post { [self] in wakeAll(&sleepers) }
            }
        }
    }

    /// Waits for a session.
    func waitForSession(_ milliseconds: UInt64) async throws {
        let deadline = now + milliseconds
        while !isEstablished {
            if case .stopped(let error) = phase {
                throw error ?? BusError(.cancelled, "this plugin has stopped")
            }
            guard now < deadline else {
                let why = lastError.isEmpty ? "is it running?" : lastError
                throw BusError(
                    .routerLost,
                    "no session with the router at \(options.address) within \(milliseconds) ms: \(why)")
            }
            await withUnsafeContinuation { continuation in
                sessionWaiters.append(Waiter(continuation: continuation, deadline: deadline))
            }
        }
    }
}
