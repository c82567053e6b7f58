internal import Foundation
internal import PoetClient

/// What somebody asked over HTTP.
struct RestRequest: Sendable {
    let method: String
    /// Without what stands behind a question mark.
    let path: String
    let body: Data
}

/// What it is answered.
struct RestReply: Sendable {
    let status: Int
    let body: Data

    /// An answer.
    init(_ value: some Encodable) {
        self.init(status: 200, value)
    }

    private init(status: Int, _ value: some Encodable) {
        guard let body = try? PoetJSON.bytes(value) else {
            self.status = 500
            self.body = Data("{}".utf8)
            return
        }
        self.status = status
        self.body = body
    }

    /// A refusal, with the code that the original's gateway gives it.
    init(_ failure: Failure, _ text: String) {
        self.init(status: failure.status, PoetJSON.Failure(code: failure.code, message: text))
    }

    /// Kinds of refusals.
    enum Failure: Int {
        case invalid = 3
        case notFound = 5
        case exists = 6
        case exhausted = 8
        case tooLarge = 11
        case unimplemented = 12
        case unavailable = 14
        case unauthenticated = 16

        /// Number of gRPC.
        var code: Int { rawValue }

        /// Status of HTTP.
        var status: Int {
            switch self {
            case .invalid: 400
            case .notFound: 404
            case .exists: 409
            case .exhausted: 429
            case .tooLarge: 413
            case .unimplemented: 501
            case .unavailable: 503
            case .unauthenticated: 401
            }
        }
    }
}
