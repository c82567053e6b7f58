import RouterCore

/// Feeds `ZapRequest` with frames: each a length of one byte and that many bytes.
enum ZapWorld {
    static func run(_ input: UnsafeRawBufferPointer) {
        var frames: [[UInt8]] = []
        var position = 0
        while position < input.count, frames.count < 32 {
            let start = position + 1
            position = start + min(Int(input[position]), input.count - start)
            frames.append(Array(input[start..<position]))
        }
        guard let request = ZapRequest(frames: frames) else {
            let answer = ZapVerdict.refuse(
                requestID: frames.count > 1 ? frames[1] : [], "not a CURVE request")
            precondition(answer.count == 6 && answer[2] == Array("400".utf8))
            return
        }
        precondition(request.key.count == 32 && request.requestID == frames[1])
        let answer = ZapVerdict.accept(request, userID: request.key)
        precondition(answer.count == 6 && answer[1] == frames[1] && answer[2] == Array("200".utf8))
    }

    static func seeds() -> [[UInt8]] {
        let key = [UInt8](repeating: 7, count: 32)
        let whole = [text("1.0"), text("1"), text("spacenode"), text("127.0.0.1"), [], text("CURVE"), key]
        var plain = whole
        plain[5] = text("PLAIN")
        var old = whole
        old[0] = text("0.9")
        var short = whole
        short[6] = Array(key.prefix(31))
        var anonymous = whole
        anonymous[1] = []
        return [whole, plain, old, short, anonymous, Array(whole.prefix(6)), whole + [key], []].map {
            frames in
            frames.flatMap { [UInt8($0.count)] + $0 }
        }
    }

    private static func text(_ text: String) -> [UInt8] {
        Array(text.utf8)
    }
}
