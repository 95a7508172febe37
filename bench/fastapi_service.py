"""The service that bench/rest compares with: the same endpoint by FastAPI and pymongo.

    MONGODB_URI=... DATABASE=... API_KEY=... uvicorn fastapi_service:app
"""

import hashlib
import os
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from fastapi import FastAPI, Header, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pymongo import AsyncMongoClient
from starlette.exceptions import HTTPException as StarletteHTTPException

app = FastAPI()
calls = AsyncMongoClient(os.environ["MONGODB_URI"])[os.environ["DATABASE"]].calls
keys = {hashlib.sha256(os.environ["API_KEY"].encode()).digest(): True}


def failure(status, message):
    return JSONResponse({"success": False, "message": message}, status, {"Cache-Control": "no-store"})


@app.exception_handler(RequestValidationError)
async def invalid(_request, error):
    return failure(422, str(error.errors()[0]["loc"][-1]))


@app.exception_handler(StarletteHTTPException)
async def refused(_request, error):
    return failure(error.status_code, error.detail)


def check_key(authorization):
    super_admin = keys.get(hashlib.sha256((authorization or "").removeprefix("Bearer ").encode()).digest())
    if super_admin is None:
        raise HTTPException(401, "A valid API key is required")
    if not super_admin:
        raise HTTPException(403, "This API key may not see the dashboard")


def shown(moment):
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


@app.get("/admin/analytics/dashboard")
async def dashboard(start_date: datetime | None = None, end_date: datetime | None = None, user_email: str = "",
                    authorization: str | None = Header(None)):
    check_key(authorization)
    end = end_date or datetime.now(timezone.utc)
    start = start_date or end - timedelta(days=30)
    if start > end:
        raise HTTPException(422, "start_date must not be after end_date")
    match = {"created_at": {"$gte": start, "$lte": end}, **({"created_by_email": user_email} if user_email else {})}
    cursor = await calls.aggregate([
        {"$match": match},
        {"$group": {"_id": "$created_by_email", "calls": {"$sum": 1}, "minutes": {"$sum": "$duration_minutes"}}},
        {"$group": {"_id": None, "calls": {"$sum": "$calls"}, "minutes": {"$sum": "$minutes"},
                    "users": {"$sum": {"$cond": [{"$gt": ["$_id", None]}, 1, 0]}}}}])
    total = await anext(cursor, {"calls": 0, "minutes": 0, "users": 0})
    minutes = Decimal(total["minutes"])
    rounded = [float(x.quantize(Decimal("0.01"), ROUND_HALF_UP)) for x in (minutes, minutes / 60, minutes / (total["calls"] or 1))]
    return JSONResponse({
        "success": True, "message": "Admin dashboard fetched successfully",
        "data": {"total_calls": total["calls"], "total_duration_minutes": rounded[0], "total_duration_hours": rounded[1],
                 "avg_duration_minutes": rounded[2], "total_active_users": total["users"],
                 "date_range": {"start_date": shown(start), "end_date": shown(end)}}}, headers={"Cache-Control": "no-store"})
