internal import NIOCore
internal import P2PCore

/// Decides about each call before anything is spent on it: a socket that is not taken is closed as it is.
///
/// All of it is used on the event loop alone.
final class Doorkeeper: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let owner: TransportLoop

    init(_ owner: TransportLoop) {
        self.owner = owner
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        guard let handler = owner.accept(from: channel.remoteAddress) else {
            return channel.close(promise: nil)
        }
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
            // The bootstrap's own handler comes next; it sets the options and begins to read.
            context.fireChannelRead(data)
        } catch {
            handler.end(.fault(.ended))
            channel.close(promise: nil)
        }
    }
}
