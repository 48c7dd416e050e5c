internal import COpenSSL

/// The questions that OpenSSL asks in the middle of a handshake. Each finds the context or the peer it belongs to and
/// puts the question there; none calls a handler.
enum TLSCallbacks {
    /// Which certificates to show, by the name the client asks for.
    static let serverName:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) ->
            Int32 = { ssl, alert, _ in
                let context = unsafe TLSContext.of(ssl)
                if let context, context.isEmpty {
                    // Nobody is here yet.
                    unsafe alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
                    return SSL_TLSEXT_ERR_ALERT_FATAL
                }
                guard let ssl = unsafe ssl, let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name),
                    let chosen = unsafe context?.find(name)
                else { return SSL_TLSEXT_ERR_OK }
                _ = unsafe SSL_set_SSL_CTX(ssl, chosen)
                return SSL_TLSEXT_ERR_OK
            }

    /// An authority that looks whether a name leads here says so by a protocol of its own, and nothing beside it
    /// (RFC 8737 §3); it gets the certificate that answers it. Everybody else goes on as usual.
    static let hello: @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 =
        { ssl, _, _ in
            let goesOn = Int32(SSL_CLIENT_HELLO_SUCCESS)
            guard let ssl = unsafe ssl, let context = unsafe TLSContext.of(ssl) else { return goesOn }
            func bytes(_ kind: UInt32) -> [UInt8] {
                var start: UnsafePointer<UInt8>?
                var count = 0
                // The bytes are the hello's, which outlives this call.
                guard unsafe SSL_client_hello_get0_ext(ssl, kind, &start, &count) == 1 else { return [] }
                return unsafe Array(UnsafeBufferPointer(start: start, count: count))
            }
            guard
                ChallengeHello.isChallenge(
                    protocols: bytes(UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation))),
                let name = ChallengeHello.name(bytes(UInt32(TLSEXT_TYPE_server_name))),
                let chosen = unsafe context.challenge(for: name)
            else { return goesOn }
            _ = unsafe SSL_set_SSL_CTX(ssl, chosen)
            unsafe gh_tls_make_anonymous(ssl)
            return goesOn
        }

    /// On a connection that answers a challenge.
    static let chooseChallenge: SSL_CTX_alpn_select_cb_func = { _, output, outputCount, input, count, _ in
        // The list was looked at before: it holds this one name, behind its length.
        guard let input = unsafe input, count > 1 else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        unsafe output?.pointee = input + 1
        unsafe outputCount?.pointee = UInt8(clamping: count - 1)
        return SSL_TLSEXT_ERR_OK
    }

    /// Without a protocol in common nothing sensible could follow (RFC 7301 §3.2).
    static let chooseProtocol: SSL_CTX_alpn_select_cb_func = { ssl, output, outputCount, input, count, _ in
        let offered = unsafe UnsafeBufferPointer(start: input, count: Int(count))
        guard let chosen = unsafe TLSContext.of(ssl)?.choose(from: offered), let input = unsafe input else {
            return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        // It points into the client's list, as OpenSSL allows; the range lies within.
        unsafe output?.pointee = input + chosen.lowerBound
        unsafe outputCount?.pointee = UInt8(clamping: chosen.count)
        return SSL_TLSEXT_ERR_OK
    }

    /// The OCSP response, to a client that asks for one.
    static let status: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, _ in
        guard let ssl = unsafe ssl, let response = unsafe TLSContext.of(ssl)?.stapledResponse(for: ssl),
            let copy = unsafe CRYPTO_malloc(response.count, nil, 0)
        else { return SSL_TLSEXT_ERR_NOACK }
        unsafe copy.copyMemory(from: response, byteCount: response.count)
        unsafe gh_tls_set_status(ssl, copy.assumingMemoryBound(to: UInt8.self), response.count)
        return SSL_TLSEXT_ERR_OK
    }

    /// Seals or opens a session ticket: AES-256-CBC, then HMAC-SHA-256, under the keys of the process.
    static let ticket:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?,
            Int32
        ) -> Int32 = { ssl, name, vector, cipher, mac, isSealing in
            guard let keys = unsafe TLSContext.of(ssl)?.ticketKeys, let name = unsafe name, let vector = unsafe vector
            else { return -1 }
            // OpenSSL gives 16 bytes for the name of the key and 16 for the vector; AES-256 takes a key of 32.
            if isSealing == 1 {
                var key = keys.current()
                guard unsafe RAND_bytes(vector, 16) == 1,
                    unsafe EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1,
                    unsafe gh_tls_ticket_mac(mac, &key.mac, key.mac.count) == 1
                else { return -1 }
                for index in 0..<16 { unsafe name[index] = key.name[index] }
                return 1
            }
            guard let (found, isOld) = unsafe keys.find(UnsafeRawBufferPointer(start: name, count: 16)) else {
                return 0
            }
            var key = found
            guard unsafe EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1,
                unsafe gh_tls_ticket_mac(mac, &key.mac, key.mac.count) == 1
            else { return -1 }
            // In TLS 1.3 a ticket is used once, so each resumption brings a new one.
            return unsafe isOld || SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1
        }

    /// Steps of the state machine and alerts: after the handshake they are key updates, tickets, and wishes to begin anew.
    static let info: @convention(c) (OpaquePointer?, Int32, Int32) -> Void = { ssl, event, _ in
        if event & (SSL_CB_LOOP | SSL_CB_ALERT) != 0 { unsafe TLSTransport.session(of: ssl)?.noteControl() }
    }

    /// A server has given something to resume by: kept for the next connection to it.
    static let newSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
        guard let peer = unsafe TLSTransport.session(of: ssl)?.peer, let session = unsafe session else { return 0 }
        // Returning 1 keeps the reference that came with the call.
        unsafe peer.keep(session)
        return 1
    }
}
