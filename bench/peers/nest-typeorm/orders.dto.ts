import { IsString, IsUUID, MaxLength } from 'class-validator';

export class StatusQuery {
  @IsUUID()
  order_id: string;
}

export class SheetQuery {
  @IsString()
  @MaxLength(100)
  ordersheet_id: string;
}

export class ApproveBody {
  @IsUUID()
  partner_order_id: string;

  @IsString()
  @MaxLength(100)
  tid: string;
}
