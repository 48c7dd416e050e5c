/*
 * TLS: OpenSSL 3's libssl, and what Swift cannot say itself: its macros, and functions whose types Swift does not import.
 */
#ifndef GATEHOUSE_TLS_H
#define GATEHOUSE_TLS_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* Options that are 64-bit macros with casts. */
static const uint64_t gh_tls_options =
    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;

static inline void gh_tls_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_read_ahead(context, 1);
}

static inline int gh_tls_set_versions(SSL_CTX *context, int lowest, int highest) {
    return SSL_CTX_set_min_proto_version(context, lowest) == 1 && SSL_CTX_set_max_proto_version(context, highest) == 1;
}

static inline int gh_tls_set_groups(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, groups) == 1;
}

static inline void gh_tls_set_session_cache(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

static inline int gh_tls_add_chain(SSL_CTX *context, X509 *certificate) {
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

static inline void gh_tls_set_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
}

static inline void gh_tls_set_status_callback(SSL_CTX *context, int (*callback)(SSL *, void *), void *argument) {
    SSL_CTX_set_tlsext_status_cb(context, callback);
    SSL_CTX_set_tlsext_status_arg(context, argument);
}

/* Takes the bytes, which must come from OPENSSL_malloc. */
static inline void gh_tls_set_status(SSL *connection, unsigned char *bytes, long count) {
    SSL_set_tlsext_status_ocsp_resp(connection, bytes, count);
}

static inline void gh_tls_set_ticket_callback(
    SSL_CTX *context,
    int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)) {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}

static inline int gh_tls_set_server_name(SSL *connection, const char *name) {
    return SSL_set_tlsext_host_name(connection, name) == 1;
}

static inline void gh_tls_set_context_owner(SSL_CTX *context, void *owner) { SSL_CTX_set_ex_data(context, 0, owner); }
static inline void *gh_tls_context_owner(const SSL_CTX *context) { return SSL_CTX_get_ex_data(context, 0); }

/* The key of a ticket's cipher and of its authentication, in the contexts that the library hands out. */
static inline int gh_tls_ticket_mac(EVP_MAC_CTX *context, unsigned char *key, size_t count) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, count);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(context, parameters) == 1;
}

static inline void gh_bio_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void gh_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static const int gh_bio_ctrl_flush = BIO_CTRL_FLUSH;
static const int gh_bio_ctrl_eof = BIO_CTRL_EOF;

static inline long gh_bio_memory(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

static inline int gh_error_reason(unsigned long code) { return ERR_GET_REASON(code); }
static inline int gh_error_library(unsigned long code) { return ERR_GET_LIB(code); }

/* Seconds since 1970 of a certificate's time; 0 when it cannot be read. */
static inline int64_t gh_certificate_time(const ASN1_TIME *time) {
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return (int64_t)timegm(&parts);
}

/* Subject alternative names: their count, and kind and bytes of one. The list is GENERAL_NAMES_free's. */
static inline GENERAL_NAMES *gh_certificate_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int gh_names_count(const GENERAL_NAMES *names) { return names ? sk_GENERAL_NAME_num(names) : 0; }
static inline const unsigned char *gh_names_value(const GENERAL_NAMES *names, int index, int *kind, int *count) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    *kind = name->type;
    *count = 0;
    switch (name->type) {
        case GEN_DNS:
        case GEN_URI:
        case GEN_EMAIL:
            *count = ASN1_STRING_length(name->d.ia5);
            return ASN1_STRING_get0_data(name->d.ia5);
        case GEN_IPADD:
            *count = ASN1_STRING_length(name->d.iPAddress);
            return ASN1_STRING_get0_data(name->d.iPAddress);
        default: return NULL;
    }
}
static inline void gh_names_free(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }
static const int gh_name_dns = GEN_DNS, gh_name_uri = GEN_URI, gh_name_email = GEN_EMAIL, gh_name_address = GEN_IPADD;
static const unsigned long gh_name_style = XN_FLAG_RFC2253;

static inline void gh_list_add_name(STACK_OF(X509_NAME) * list, X509_NAME *name) { sk_X509_NAME_push(list, name); }
static inline STACK_OF(X509_NAME) * gh_list_of_names(void) { return sk_X509_NAME_new_null(); }

/* For certificates made on the spot: a P-256 key, and one extension. */
static inline EVP_PKEY *gh_make_key(void) { return EVP_EC_gen("P-256"); }

static inline int gh_add_extension(X509 *certificate, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    int added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

/* What a certificate of a tls-alpn-01 challenge carries (RFC 8737 section 3): 32 bytes, in a critical extension. */
static inline int gh_add_challenge(X509 *certificate, const unsigned char *digest) {
    unsigned char der[34] = {V_ASN1_OCTET_STRING, 32};
    memcpy(der + 2, digest, 32);
    ASN1_OBJECT *kind = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    if (kind && value && ASN1_OCTET_STRING_set(value, der, sizeof der) == 1)
        extension = X509_EXTENSION_create_by_OBJ(NULL, kind, 1, value);
    int added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(kind);
    return added;
}

/* A request for a certificate (PKCS #10, DER) for a key and its names, as "DNS:a,DNS:b". Its length, or 0; the bytes are
 * CRYPTO_free's. */
static inline int gh_make_request(EVP_PKEY *key, const char *names, unsigned char **bytes) {
    int count = 0;
    X509_REQ *request = X509_REQ_new();
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    *bytes = NULL;
    if (request && extension && extensions && sk_X509_EXTENSION_push(extensions, extension) > 0 &&
        X509_REQ_set_version(request, 0) == 1 && X509_REQ_set_pubkey(request, key) == 1 &&
        X509_REQ_add_extensions(request, extensions) == 1 && X509_REQ_sign(request, key, EVP_sha256()) > 0)
        count = i2d_X509_REQ(request, bytes);
    sk_X509_EXTENSION_free(extensions);
    X509_EXTENSION_free(extension);
    X509_REQ_free(request);
    return count > 0 ? count : 0;
}

/* The callback that sees a client's hello before anything is decided by it. */
static inline void gh_tls_set_hello_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_client_hello_cb(context, callback, NULL);
}

/* For one connection: asks the client for nothing, and gives it nothing to come back with. */
static inline void gh_tls_make_anonymous(SSL *connection) {
    SSL_set_verify(connection, SSL_VERIFY_NONE, NULL);
    SSL_set_options(connection, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(connection, 0);
}

#endif
