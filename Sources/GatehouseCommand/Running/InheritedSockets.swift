internal import CSystem
internal import GatewayEngine

/// Sockets that the service manager has bound and handed to this process (sd_listen_fds(3)): descriptors from 3 on, as many
/// as `LISTEN_FDS` says, if `LISTEN_PID` names us.
enum InheritedSockets {
    private static let first: Int32 = 3

    static func take(variable: (String) -> String? = Console.variable) -> [PassedSockets] {
        guard variable("LISTEN_PID") == "\(getpid())", let count = variable("LISTEN_FDS").flatMap(Int32.init),
            count > 0, count < 1_024
        else { return [] }
        return join(
            (first..<first + count).compactMap { descriptor in
                // As our own are: not waited on, and not passed on to programs that we start.
                guard gh_set_nonblocking(descriptor) == 0 else { return nil }
                return PassedSockets(bound: descriptor)
            })
    }

    /// Several sockets of one address (`ReusePort=`) are dealt out to the workers.
    private static func join(_ sockets: [PassedSockets]) -> [PassedSockets] {
        var result: [PassedSockets] = []
        for socket in sockets {
            if let index = result.firstIndex(where: { $0.wanted == socket.wanted }) {
                result[index] = PassedSockets(
                    wanted: socket.wanted, isAdmin: nil, descriptors: result[index].descriptors + socket.descriptors)
            } else {
                result.append(socket)
            }
        }
        return result
    }
}
