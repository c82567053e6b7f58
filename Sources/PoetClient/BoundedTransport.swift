internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// Asks over HTTP and reads answers of a bounded size.
struct BoundedTransport: Sendable {
    /// The largest answer: a proof for 2^20 members.
    static let largestAnswer = 64 << 20

    let seconds: Double

    func answer(_ request: URLRequest) async throws -> (status: Int, data: Data) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = seconds
        configuration.timeoutIntervalForResource = seconds
        let reader = AnswerReader()
        let session = URLSession(configuration: configuration, delegate: reader, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                reader.begin(continuation)
                session.dataTask(with: request).resume()
            }
        } onCancel: {
            session.invalidateAndCancel()
        }
    }
}

/// Collects one answer.
private final class AnswerReader: NSObject, URLSessionDataDelegate {
    private typealias Answer = CheckedContinuation<(status: Int, data: Data), any Error>

    private struct State {
        var continuation: Answer?
        var status = 0
        var data = Data()
    }

    private let state = Mutex(State())

    func begin(_ continuation: CheckedContinuation<(status: Int, data: Data), any Error>) {
        state.withLock { $0.continuation = continuation }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        state.withLock { $0.status = (response as? HTTPURLResponse)?.statusCode ?? 0 }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = state.withLock { state in
            guard state.data.count + data.count <= BoundedTransport.largestAnswer else { return true }
            state.data.append(data)
            return false
        }
        guard isTooLarge else { return }
        end(.failure(PoetClientFault.answer("it is larger than any proof")))
        dataTask.cancel()
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error {
            end(.failure(PoetClientFault.unreachable(error.localizedDescription)))
        } else {
            end(.success(state.withLock { ($0.status, $0.data) }))
        }
    }

    /// The first outcome counts.
    private func end(_ outcome: Result<(status: Int, data: Data), any Error>) {
        let continuation = state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(with: outcome)
    }
}
