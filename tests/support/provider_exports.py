"""What providers' APIs and consoles give out, shortened, in their own columns."""

import json

OPENAI_USAGE = {
    "object": "page",
    "data": [
        {
            "object": "bucket",
            "start_time": 1_790_899_200,
            "end_time": 1_790_985_600,
            "results": [
                {
                    "object": "organization.usage.completions.result",
                    "input_tokens": 1_000,
                    "output_tokens": 500,
                    "input_cached_tokens": 800,
                    "input_audio_tokens": 0,
                    "output_audio_tokens": 0,
                    "num_model_requests": 5,
                    "project_id": None,
                    "user_id": None,
                    "api_key_id": None,
                    "model": "gpt-4o-mini-2024-07-18",
                    "batch": None,
                }
            ],
        },
        {"object": "bucket", "start_time": 1_790_985_600, "end_time": 1_791_072_000, "results": []},
    ],
    "has_more": False,
    "next_page": None,
}
OPENAI_COSTS = {
    "object": "page",
    "data": [
        {
            "object": "bucket",
            "start_time": 1_790_899_200,
            "end_time": 1_790_985_600,
            "results": [
                {
                    "object": "organization.costs.result",
                    "amount": {"value": 0.06, "currency": "usd"},
                    "line_item": "gpt-4o-mini-2024-07-18, cached input",
                    "project_id": None,
                    "organization_id": "org-1",
                },
                {
                    "object": "organization.costs.result",
                    "amount": {"value": 0.1, "currency": "usd"},
                    "line_item": "gpt-4o-mini-2024-07-18, output",
                    "project_id": None,
                    "organization_id": "org-1",
                },
            ],
        }
    ],
    "has_more": False,
    "next_page": None,
}
OPENAI_USAGE_CSV = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,"
    "input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens\n"
    "1790899200,1790899260,2026-10-02T00:00:00+00:00,2026-10-02T00:01:00+00:00,proj_1,3.0,,key_1,gpt-4o-2024-08-06,,"
    "7162,40,1280,5882\n"
)
OPENAI_COST_CSV = (
    "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,user_id,"
    "api_key_id,project_id,organization_id,project_name,organization_name,user_email,api_source\n"
    "1790899200,1790985600,2026-10-02T00:00:00+00:00,2026-10-03T00:00:00+00:00,,,,,,,,,,,,,\n"
    "1790899200,1790985600,2026-10-02T00:00:00,2026-10-03T00:00:00,0.003835980000000000000000000000,usd,,,,,,,org,,Org,,\n"
)
ANTHROPIC_USAGE = {
    "data": [
        {
            "starting_at": "2026-10-02T00:00:00Z",
            "ending_at": "2026-10-03T00:00:00Z",
            "results": [
                {
                    "api_key_id": "apikey_1",
                    "cache_creation": {"ephemeral_1h_input_tokens": 1_000, "ephemeral_5m_input_tokens": 500},
                    "cache_read_input_tokens": 200,
                    "context_window": "0-200k",
                    "model": "claude-sonnet-4-5-20250929",
                    "output_tokens": 500,
                    "server_tool_use": {"web_search_requests": 10},
                    "service_tier": "standard",
                    "uncached_input_tokens": 1_500,
                    "workspace_id": None,
                }
            ],
        }
    ],
    "has_more": False,
    "next_page": None,
}
ANTHROPIC_COSTS = {
    "data": [
        {
            "starting_at": "2026-10-02T00:00:00Z",
            "ending_at": "2026-10-03T00:00:00Z",
            "results": [
                {
                    "amount": "123.45",
                    "context_window": "0-200k",
                    "cost_type": "tokens",
                    "currency": "USD",
                    "description": "Claude Sonnet 4.5 Usage - Input Tokens",
                    "model": "claude-sonnet-4-5-20250929",
                    "service_tier": "standard",
                    "token_type": "uncached_input_tokens",
                    "workspace_id": None,
                }
            ],
        }
    ],
    "has_more": False,
    "next_page": None,
}
ANTHROPIC_USAGE_CSV = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed\n"
    "2026-10-02 03:00,claude-haiku-4-5-20251001,key,Default,message,≤ 200k,154214,10,20,3000,2640,1,global,\n"
)
ANTHROPIC_COST_CSV = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
    "inference_geo,speed,api_key_id,api_key_status\n"
    "2026-10-02,Claude Haiku 4.5,Default,key,message,≤ 200k,input_no_cache,0.05,0.06,token,not_available,,apikey_1,active\n"
    "2026-10-03,Claude Haiku 4.5,Default,key,message,≤ 200k,output,0.02,0.02,token,not_available,,apikey_1,active\n"
)
PLAIN_CSV = (
    "day,model,requests,input_tokens,cache_read_input_tokens,cache_write_input_tokens,output_tokens,web_searches,cost_usd\n"
    "2026-10-02,our-model,10,1000,100,0,50,0,1.25\n"
    "2026-10-03,our-model,1,10,,,5,,0.25\n"
)


def as_json(document) -> bytes:
    return json.dumps(document).encode()
